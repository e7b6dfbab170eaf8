//! The citizen's way from screen 1 to 7 as a pure state machine, and the outcome vocabulary.
