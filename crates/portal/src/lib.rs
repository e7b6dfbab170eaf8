//! The hub: authorization server, the journey's pages, the citizen's page, resource APIs.
