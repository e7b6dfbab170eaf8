//! The authorization server that portal and delivery service share: clients, pushed requests, codes, tokens, keys.
