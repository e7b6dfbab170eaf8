//! Spreadsheets in and out, PDF, two-dimensional codes.
//!
//! **Invariant:** what is read is bounded in size before it is unpacked, and nothing in it is executed or fetched. **Boundary:** knows
//! cells, tables and pages; no procedures.

pub mod image;
pub mod qr;
