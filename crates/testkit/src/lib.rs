//! The whole world in one process, on both databases; tidy tests.
