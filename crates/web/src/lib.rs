//! What every role's pages and endpoints share: listener, security headers, forms, templates, two languages, error pages, outbound HTTP.
