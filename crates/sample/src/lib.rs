//! A sample API user: year-end adjustment and tax return.
