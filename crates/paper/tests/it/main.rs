//! Workbooks round and about: written and read, changed as people and programs change them, and built by attackers.

mod attacks;
mod forms;
mod round;
mod zips;
