//! Sign-in for people with e-mail accounts: members of API users' organisations and the desk's staff.
//!
//! **Invariant:** nobody acts without a session of this browser; staff never without a second factor. **Boundary:** knows no
//! organisation and no case; a role mounts it.
