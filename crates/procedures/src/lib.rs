//! The procedures by which API users are admitted, as data, and the case as a pure state machine.
//!
//! **Invariant:** no effect without two different people; every open case has somebody who must act. **Boundary:** no I/O, no time
//! of its own; texts, forms, steps and deadlines are data files that the official ones can replace.
