//! The test-card stand-in: test people, their cards and faults, on an origin of its own.
