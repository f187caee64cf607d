use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use super::super::pool::{Pool, Seats};
use super::super::sync::SLICE;

#[test]
fn trainings_beyond_the_limit_are_queued_in_order() {
    let pool = Pool::new(2, 2);
    let started = Arc::new(Mutex::new(Vec::new()));
    for number in 0..5 {
        let started = Arc::clone(&started);
        pool.submit(Box::new(move || started.lock().unwrap().push(number)));
    }
    assert_eq!((pool.counts(), started.lock().unwrap().clone()), ((2, 3), vec![0, 1]));
    pool.ended();
    assert_eq!((pool.counts(), started.lock().unwrap().clone()), ((2, 2), vec![0, 1, 2]));
    pool.set_max_trainings(4);
    assert_eq!((pool.counts(), started.lock().unwrap().clone()), ((4, 0), vec![0, 1, 2, 3, 4]));
}

#[test]
fn one_training_alone_has_all_seats_and_two_share_them() {
    let pool = Pool::new(4, 8);
    pool.submit(Box::new(|| {}));
    let mut first = Seats::new(Arc::clone(&pool));
    assert_eq!(first.take(8, || false), Some(4));
    pool.submit(Box::new(|| {}));
    std::thread::sleep(SLICE);
    assert_eq!(first.take(8, || false), Some(2));
    let mut second = Seats::new(Arc::clone(&pool));
    assert_eq!(second.take(8, || false), Some(2));
}

#[test]
fn more_trainings_than_seats_take_turns_and_never_compute_all_at_once() {
    let pool = Pool::new(2, 8);
    let computing = AtomicUsize::new(0);
    for _ in 0..5 {
        pool.submit(Box::new(|| {}));
    }
    std::thread::scope(|scope| {
        for _ in 0..5 {
            scope.spawn(|| {
                let mut seats = Seats::new(Arc::clone(&pool));
                let end = Instant::now() + Duration::from_millis(100);
                let mut turns = 0;
                while Instant::now() < end {
                    let held = seats.take(4, || false).unwrap();
                    assert!(computing.fetch_add(held, Ordering::SeqCst) + held <= 2);
                    std::thread::sleep(Duration::from_millis(1));
                    computing.fetch_sub(held, Ordering::SeqCst);
                    turns += 1;
                }
                assert!(turns > 5, "{turns}");
            });
        }
    });
    (0..4).for_each(|_| pool.ended());
    assert_eq!(Seats::new(pool).take(2, || false), Some(2), "all seats were given back");
}

#[test]
fn waiting_for_a_seat_can_be_given_up() {
    let pool = Pool::new(1, 8);
    let mut first = Seats::new(Arc::clone(&pool));
    first.take(1, || false);
    let mut second = Seats::new(Arc::clone(&pool));
    assert_eq!(second.take(1, || true), None);
    drop(first);
    assert_eq!(second.take(1, || false), Some(1));
}
