//! Tests of the parts that trainings share threads with.

mod crew;
mod pool;
