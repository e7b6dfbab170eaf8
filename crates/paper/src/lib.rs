//! Spreadsheets in and out, PDF, two-dimensional codes.
//!
//! **Invariant:** what is read is bounded in size before it is unpacked, and nothing in it is executed or fetched. **Boundary:** knows
//! cells, tables and pages; no procedures.
//!
//! | module | what it does |
//! |---|---|
//! | [`xlsx`] | writes forms as workbooks and reads filled-in ones, naming each mistake by sheet and cell |
//! | [`pdf`] | sets documents as accessible PDF |
//! | [`qr`] | draws 2次元コード as inline SVG |
//! | [`image`] | checks logos and writes them anew |

pub mod image;
pub mod pdf;
pub mod qr;
pub mod xlsx;
