//! Enishi: demo, serve, migrate, doctor, client, bench.

fn main() {}
