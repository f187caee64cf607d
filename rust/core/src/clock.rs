//! The clock of trainings: the system's, or in a browser, where Rust's standard library has none, one that the page
//! provides.

#[cfg(not(all(target_family = "wasm", target_os = "unknown")))]
pub(crate) use std::time::Instant;

#[cfg(all(target_family = "wasm", target_os = "unknown"))]
pub(crate) use lent::Instant;
#[cfg(all(target_family = "wasm", target_os = "unknown"))]
pub use lent::lend;

#[cfg(all(target_family = "wasm", target_os = "unknown"))]
mod lent {
    use std::ops::Add;
    use std::sync::OnceLock;
    use std::time::Duration;

    static SECONDS: OnceLock<fn() -> f64> = OnceLock::new();

    /// Provides the clock: a function that returns seconds since any fixed moment, and never decreases. Only the first
    /// call has an effect. Without a clock, time stands still.
    pub fn lend(seconds: fn() -> f64) {
        let _ = SECONDS.set(seconds);
    }

    /// A moment, in place of `std::time::Instant`.
    #[derive(Debug, Clone, Copy, PartialEq, PartialOrd)]
    pub(crate) struct Instant(f64);

    impl Instant {
        pub(crate) fn now() -> Self {
            Self(SECONDS.get().map_or(0.0, |seconds| seconds()))
        }

        pub(crate) fn elapsed(&self) -> Duration {
            Duration::try_from_secs_f64(Self::now().0 - self.0).unwrap_or(Duration::ZERO)
        }
    }

    impl Add<Duration> for Instant {
        type Output = Self;

        fn add(self, time: Duration) -> Self {
            Self(self.0 + time.as_secs_f64())
        }
    }
}
