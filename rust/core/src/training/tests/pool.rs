use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use super::super::pool::{Pool, Seats};
use super::super::sync::SLICE;
use super::super::turns::Owner;

fn owner() -> Owner {
    Owner::default()
}

#[test]
fn trainings_beyond_the_limit_are_queued_in_order() {
    let pool = Pool::new(2, 2);
    let started = Arc::new(Mutex::new(Vec::new()));
    for number in 0..5 {
        let started = Arc::clone(&started);
        pool.submit(&owner(), Box::new(move || started.lock().unwrap().push(number)));
    }
    assert_eq!((pool.counts(), started.lock().unwrap().clone()), ((2, 3), vec![0, 1]));
    pool.ended(&owner());
    assert_eq!((pool.counts(), started.lock().unwrap().clone()), ((2, 2), vec![0, 1, 2]));
    pool.set_max_trainings(4);
    assert_eq!((pool.counts(), started.lock().unwrap().clone()), ((4, 0), vec![0, 1, 2, 3, 4]));
}

#[test]
fn one_training_alone_has_all_seats_and_two_share_them() {
    let pool = Pool::new(4, 8);
    pool.submit(&owner(), Box::new(|| {}));
    let mut first = Seats::new(Arc::clone(&pool), owner());
    assert_eq!(first.take(8, || false), Some(4));
    pool.submit(&owner(), Box::new(|| {}));
    std::thread::sleep(SLICE);
    assert_eq!(first.take(8, || false), Some(2));
    let mut second = Seats::new(Arc::clone(&pool), owner());
    assert_eq!(second.take(8, || false), Some(2));
}

#[test]
fn more_trainings_than_seats_take_turns() {
    let pool = Pool::new(2, 8);
    let (computing, satisfied) = (AtomicUsize::new(0), AtomicUsize::new(0));
    for _ in 0..5 {
        pool.submit(&owner(), Box::new(|| {}));
    }
    let end = Instant::now() + Duration::from_secs(60);
    std::thread::scope(|scope| {
        for _ in 0..5 {
            scope.spawn(|| {
                let mut seats = Seats::new(Arc::clone(&pool), owner());
                let mut turns = 0;
                // A training goes on until all others have had their turns, too.
                while satisfied.load(Ordering::SeqCst) < 5 {
                    assert!(Instant::now() < end, "{turns} turns, and another training waits");
                    let held = seats.take(4, || Instant::now() >= end).expect("a seat within a minute");
                    assert!(computing.fetch_add(held, Ordering::SeqCst) + held <= 2);
                    std::thread::sleep(Duration::from_millis(1));
                    computing.fetch_sub(held, Ordering::SeqCst);
                    turns += 1;
                    if turns == 6 {
                        satisfied.fetch_add(1, Ordering::SeqCst);
                    }
                }
            });
        }
    });
    (0..4).for_each(|_| pool.ended(&owner()));
    assert_eq!(Seats::new(pool, owner()).take(2, || false), Some(2), "not all seats were returned");
}

#[test]
fn waiting_for_a_seat_can_be_given_up() {
    let pool = Pool::new(1, 8);
    let mut first = Seats::new(Arc::clone(&pool), owner());
    first.take(1, || false);
    let mut second = Seats::new(Arc::clone(&pool), owner());
    assert_eq!(second.take(1, || true), None);
    drop(first);
    assert_eq!(second.take(1, || false), Some(1));
}

/// Trainings that record their start by the letter that names their owner.
struct Starts {
    pool: Arc<Pool>,
    started: Arc<Mutex<String>>,
}

impl Starts {
    fn new(max_trainings: usize) -> Self {
        Self { pool: Pool::new(1, max_trainings), started: Arc::default() }
    }

    fn owner(name: char) -> Owner {
        Owner::from(name.to_string().into_bytes())
    }

    fn submit(&self, name: char) -> u64 {
        let started = Arc::clone(&self.started);
        self.pool.submit(&Self::owner(name), Box::new(move || started.lock().unwrap().push(name)))
    }

    fn submit_all(&self, names: &str) {
        for name in names.chars() {
            self.submit(name);
        }
    }

    fn started(&self) -> String {
        self.started.lock().unwrap().clone()
    }
}

#[test]
fn an_owner_without_trainings_starts_immediately_despite_endless_trainings_of_others() {
    let starts = Starts::new(2);
    starts.submit_all("aaaaab");
    assert_eq!((starts.started().as_str(), starts.pool.counts()), ("aab", (3, 3)));
    starts.submit('b');
    assert_eq!(starts.started(), "aab", "a training of this owner is running");
    starts.pool.ended(&Starts::owner('b'));
    assert_eq!((starts.started().as_str(), starts.pool.counts()), ("aabb", (3, 3)));
}

#[test]
fn owners_take_turns_when_trainings_start() {
    let starts = Starts::new(4);
    starts.submit_all("aabbaaaabb");
    assert_eq!(starts.started(), "aabb");
    for (name, expected) in [('a', 'a'), ('a', 'b'), ('b', 'a'), ('b', 'b'), ('a', 'a')] {
        starts.pool.ended(&Starts::owner(name));
        assert_eq!(starts.started().chars().last(), Some(expected));
    }
    assert_eq!(starts.pool.counts(), (4, 1));
}

#[test]
fn the_pool_reports_whether_a_training_would_start_immediately() {
    let starts = Starts::new(1);
    assert!(starts.pool.has_place_for(&Starts::owner('a')));
    starts.submit('a');
    assert!(!starts.pool.has_place_for(&Starts::owner('a')));
    assert!(starts.pool.has_place_for(&Starts::owner('b')));
    starts.pool.ended(&Starts::owner('a'));
    assert!(starts.pool.has_place_for(&Starts::owner('a')));
}

#[test]
fn many_queued_trainings_can_be_withdrawn_in_any_order() {
    let starts = Starts::new(1);
    let names = || "abc".chars().cycle().take(30_000);
    let tickets: Vec<(char, u64)> = names().map(|name| (name, starts.submit(name))).collect();
    assert_eq!((starts.started().as_str(), starts.pool.counts()), ("abc", (3, 29_997)));
    for &(name, ticket) in tickets[4..].iter().rev() {
        assert!(starts.pool.withdraw(&Starts::owner(name), ticket));
    }
    assert!(!starts.pool.withdraw(&Starts::owner('a'), tickets[0].1), "a started training cannot be withdrawn");
    assert_eq!(starts.pool.counts(), (3, 1));
    starts.pool.ended(&Starts::owner('c'));
    assert_eq!(starts.started(), "abc", "the limit is reached, and a training of the queued one's owner is running");
    starts.pool.ended(&Starts::owner('a'));
    assert_eq!(starts.started(), "abca");
}

#[test]
fn owners_take_turns_for_seats() {
    let pool = Pool::new(1, 8);
    let turns = |name: char, trainings: usize| -> Vec<_> {
        (0..trainings).map(|_| (name, Seats::new(Arc::clone(&pool), Starts::owner(name)))).collect()
    };
    let computed = [AtomicUsize::new(0), AtomicUsize::new(0)];
    let end = Instant::now() + Duration::from_millis(400);
    std::thread::scope(|scope| {
        for (name, mut seats) in turns('a', 7).into_iter().chain(turns('b', 1)) {
            let computed = &computed[usize::from(name == 'b')];
            scope.spawn(move || {
                while Instant::now() < end {
                    seats.take(1, || false).unwrap();
                    std::thread::sleep(SLICE);
                    computed.fetch_add(1, Ordering::SeqCst);
                }
            });
        }
    });
    let [many, one] = computed.map(AtomicUsize::into_inner);
    assert!(one * 2 >= many / 2, "{many} turns of seven trainings, {one} of one");
}

#[test]
fn memory_is_counted_while_it_is_held() {
    let pool = Pool::new(1, 1);
    let bytes = [pool.count_bytes(5), pool.count_bytes(7)];
    assert_eq!(pool.bytes(), 12);
    drop(bytes);
    assert_eq!(pool.bytes(), 0);
}
