//! FAPI 2.0 messages and decisions, server and client side; no sockets, no SQL.
