//! The desk: applications, reviews, settings and notices for API users and staff, acting on the running portals.
//!
//! **Boundary:** talks to portals by the registry API only; SQL stands in `store`.
