//! Tests of sampling against llama.cpp, transformers and plain formulas.

use proptest::prelude::*;

use super::*;

const FOUR: [f32; 4] = [0.1, 0.2, 0.3, 0.4];

fn plain() -> Decoding {
    Decoding::default()
}

fn temperature(temperature: f64) -> Decoding {
    Decoding { temperature, ..plain() }
}

fn top_k(k: usize) -> Decoding {
    Decoding { top_k: Some(k), ..plain() }
}

fn top_p(top_p: f64) -> Decoding {
    Decoding { top_p, ..plain() }
}

fn min_p(min_p: f64) -> Decoding {
    Decoding { min_p, ..plain() }
}

fn penalty(penalty: f64) -> Decoding {
    Decoding { penalty, ..plain() }
}

fn close(found: &[f64], expected: &[f64]) {
    let near = |(found, expected): (&f64, &f64)| (found - expected).abs() < 1e-5;
    assert!(found.len() == expected.len() && found.iter().zip(expected).all(near), "{found:?}: expected {expected:?}");
}

fn softmax(logits: &[f32]) -> Vec<f32> {
    let most = logits.iter().copied().fold(f32::MIN, f32::max);
    let powers: Vec<f64> = logits.iter().map(|&logit| f64::from(logit - most).exp()).collect();
    let sum: f64 = powers.iter().sum();
    powers.into_iter().map(|power| (power / sum) as f32).collect()
}

fn kept(probabilities: &[f64]) -> Vec<usize> {
    (0..probabilities.len()).filter(|&class| probabilities[class] > 0.0).collect()
}

/// Expected values are those of `tests/test-sampling.cpp` of llama.cpp. Classes are in ascending order of probability
/// here.
#[test]
fn single_steps_match_llama_cpp() {
    for (decoding, expected) in [
        (temperature(1.0), [0.1, 0.2, 0.3, 0.4]),
        (temperature(0.0), [0.0, 0.0, 0.0, 1.0]),
        (top_k(1), [0.0, 0.0, 0.0, 1.0]),
        (top_k(3), [0.0, 0.22222, 0.33333, 0.44444]),
        (top_k(4), [0.1, 0.2, 0.3, 0.4]),
        (top_p(0.0), [0.0, 0.0, 0.0, 1.0]),
        (top_p(0.7), [0.0, 0.0, 0.428_571, 0.571_429]),
        (top_p(0.8), [0.0, 0.22222, 0.33333, 0.44444]),
        (top_p(1.0), [0.1, 0.2, 0.3, 0.4]),
        (min_p(0.0), [0.1, 0.2, 0.3, 0.4]),
        (min_p(0.24), [0.1, 0.2, 0.3, 0.4]),
        (min_p(0.26), [0.0, 0.2 / 0.9, 0.3 / 0.9, 0.4 / 0.9]),
        (min_p(0.49), [0.0, 0.2 / 0.9, 0.3 / 0.9, 0.4 / 0.9]),
        (min_p(0.51), [0.0, 0.0, 0.3 / 0.7, 0.4 / 0.7]),
        (min_p(0.74), [0.0, 0.0, 0.3 / 0.7, 0.4 / 0.7]),
        (min_p(0.76), [0.0, 0.0, 0.0, 1.0]),
        (min_p(1.0), [0.0, 0.0, 0.0, 1.0]),
    ] {
        close(&decoding.apply(&FOUR, &[]), &expected);
    }
    for (seen, expected) in [
        (&[0][..], [0.0, 0.25, 0.25, 0.25, 0.25]),
        (&[0, 1, 2], [0.0, 0.0, 0.0, 0.5, 0.5]),
        (&[0, 1, 2, 0, 0, 99], [0.0, 0.0, 0.0, 0.5, 0.5]),
    ] {
        close(&penalty(50.0).apply(&[0.2; 5], seen), &expected);
    }
}

/// Expected values are those of `tests/generation/test_logits_process.py` of transformers.
#[test]
fn single_steps_match_hugging_face() {
    let mut logits = [0.05f32; 20];
    logits[5] += 0.1;
    logits[10] -= 0.4;
    let before: Vec<f64> = softmax(&logits).into_iter().map(f64::from).collect();
    let [sharp, smooth] = [0.5, 1.3].map(|t| temperature(t).apply(&softmax(&logits), &[]));
    assert!(sharp[5] > before[5] && before[5] > smooth[5]);
    assert!(sharp[10] < before[10] && before[10] < smooth[10]);
    close(&temperature(0.5).apply(&[0.05; 20], &[]), &[0.05; 20]);

    // A penalty on log-probabilities raises probabilities to a power, however often a class is listed.
    let mut logits = [0.1f32; 10];
    logits[0] = -0.1;
    let p = softmax(&logits);
    let powers: Vec<f64> =
        p.iter().enumerate().map(|(class, &p)| f64::from(p).powi(if class < 2 { 2 } else { 1 })).collect();
    let sum: f64 = powers.iter().sum();
    close(&penalty(2.0).apply(&p, &[0, 1, 0]), &powers.iter().map(|power| power / sum).collect::<Vec<_>>());
    assert!(penalty(0.5).apply(&p, &[0])[0] > p[0].into(), "a penalty below 1 rewards");

    let ramp: Vec<f32> = (0..10u8).map(f32::from).collect();
    let shifted: Vec<f32> = ramp.iter().map(|&z| if z < 5.0 { z + 10.0 } else { z }).collect();
    assert_eq!(kept(&top_k(3).apply(&softmax(&ramp), &[])), [7, 8, 9]);
    assert_eq!(kept(&top_k(3).apply(&softmax(&shifted), &[])), [2, 3, 4]);

    assert_eq!(kept(&top_p(0.8).apply(&[0.3, 0.1, 0.1, 0.5], &[])), [0, 3]);
    assert_eq!(kept(&top_p(0.8).apply(&[0.15, 0.3, 0.3, 0.25], &[])), [1, 2, 3]);
    assert_eq!(kept(&top_p(0.9).apply(&softmax(&ramp), &[])), [7, 8, 9]);

    assert_eq!(kept(&min_p(0.05).apply(&[0.9, 0.0274, 0.047, 0.0274], &[])), [0, 2]);
    assert_eq!(kept(&min_p(0.05).apply(&[0.15, 0.3, 0.3, 0.25], &[])), [0, 1, 2, 3]);
    assert_eq!(kept(&min_p(0.05).apply(&[0.97, 0.01, 0.01, 0.01], &[])), [0]);
}

#[test]
fn steps_are_applied_in_order() {
    // The temperature does not change how many classes top-k keeps, but it does change how many min-p keeps.
    let both = |temperature| Decoding { temperature, min_p: 0.4, ..plain() }.apply(&FOUR, &[]);
    assert_eq!(kept(&both(1.0)), [1, 2, 3]);
    assert_eq!(kept(&both(0.5)), [2, 3]);
    assert_eq!(kept(&both(2.0)), [0, 1, 2, 3]);
    // Top-p works on renormalized probabilities after top-k: 0.4 and 0.3 of 0.7.
    assert_eq!(kept(&Decoding { top_k: Some(2), top_p: 0.57, ..plain() }.apply(&FOUR, &[])), [3]);
    // The penalty comes first: it changes which class is the most probable.
    assert_eq!(kept(&Decoding { penalty: 3.0, temperature: 0.0, ..plain() }.apply(&FOUR, &[3])), [2]);
    assert_eq!(kept(&Decoding { penalty: 3.0, top_k: Some(1), ..plain() }.apply(&FOUR, &[3])), [2]);
}

#[test]
fn ties_are_broken_by_the_lower_class() {
    let p = [0.2, 0.3, 0.2, 0.3];
    for (decoding, expected) in [
        (temperature(0.0), &[1][..]),
        (top_k(1), &[1]),
        (top_k(3), &[0, 1, 3]),
        (top_p(0.3), &[1]),
        (top_p(0.7), &[0, 1, 3]),
        (min_p(1.0), &[1, 3]),
    ] {
        assert_eq!(kept(&decoding.apply(&p, &[])), expected, "{decoding:?}");
    }
    // Neighbouring numbers of single precision are not a tie.
    let next = f32::from_bits(0.3f32.to_bits() + 1);
    assert_eq!(kept(&temperature(0.0).apply(&[0.3, next, 0.3], &[])), [1]);
    assert_eq!(kept(&temperature(1e-300).apply(&[0.3, next, 0.3], &[])), [1]);
}

#[test]
fn temperatures_range_from_greedy_to_uniform() {
    close(&temperature(1e-9).apply(&FOUR, &[]), &[0.0, 0.0, 0.0, 1.0]);
    close(&temperature(1e9).apply(&FOUR, &[]), &[0.25; 4]);
    close(&temperature(f64::MAX).apply(&[0.5, 0.0, 0.5], &[]), &[0.5, 0.0, 0.5]);
    for t in [0.3, 0.7, 1.5, 4.0] {
        let powers = FOUR.map(|p| f64::from(p).powf(1.0 / t));
        let sum: f64 = powers.iter().sum();
        let found = temperature(t).apply(&FOUR, &[]);
        assert!(found.iter().zip(powers).all(|(found, power)| (found - power / sum).abs() < 1e-14), "{found:?}");
    }
}

#[test]
fn invalid_probabilities_count_as_0_and_one_class_always_remains() {
    assert_eq!(plain().apply(&[f32::NAN, 0.5, -1.0, f32::INFINITY, 1e-45], &[]), [0.0, 1.0, 0.0, 0.0, 0.0]);
    let all = Decoding { penalty: 1e300, temperature: 1e-300, top_k: Some(1), top_p: 0.0, min_p: 1.0 };
    for decoding in [plain(), all, temperature(0.0), Decoding { penalty: f64::MAX, ..plain() }] {
        assert_eq!(decoding.apply(&[0.0, 0.0], &[0, 1]), [1.0, 0.0], "{decoding:?}");
        assert_eq!(decoding.apply(&[0.0, 1.0], &[1]), [0.0, 1.0], "{decoding:?}");
        let tiny = [f32::MIN_POSITIVE, f32::MIN_POSITIVE, 1.0];
        assert!((decoding.apply(&tiny, &[0, 1, 2]).iter().sum::<f64>() - 1.0).abs() < 1e-12, "{decoding:?}");
        assert!(decoding.draw(&tiny, &[0, 1, 2], &mut Decoding::random(1)) == 2, "{decoding:?}");
    }
}

#[test]
fn parameters_out_of_range_are_rejected_by_name() {
    assert_eq!(plain().check(), Ok(()));
    assert_eq!(Decoding { penalty: 0.5, temperature: 0.0, top_k: Some(1), top_p: 0.0, min_p: 1.0 }.check(), Ok(()));
    for (decoding, expected) in [
        (penalty(0.0), "penalty is 0: expected a finite number above 0"),
        (penalty(f64::INFINITY), "penalty is inf: expected a finite number above 0"),
        (temperature(-0.5), "temperature is -0.5: expected a finite number of at least 0"),
        (temperature(f64::NAN), "temperature is NaN: expected a finite number of at least 0"),
        (temperature(f64::INFINITY), "temperature is inf: expected a finite number of at least 0"),
        (top_k(0), "top_k is 0: expected an integer of at least 1"),
        (top_p(1.5), "top_p is 1.5: expected a number from 0 to 1"),
        (min_p(-0.1), "min_p is -0.1: expected a number from 0 to 1"),
        (min_p(f64::NAN), "min_p is NaN: expected a number from 0 to 1"),
    ] {
        assert_eq!(decoding.check().unwrap_err().to_string(), expected);
    }
}

#[test]
fn classes_are_drawn_with_their_probabilities() {
    let draws = 100_000;
    for (decoding, least) in [
        (plain(), 3),
        (temperature(2.0), 3),
        (Decoding { temperature: 0.5, top_k: Some(3), ..plain() }, 2),
        (top_p(0.7), 1),
    ] {
        let (expected, mut counts, mut random) = (decoding.apply(&FOUR, &[]), [0u32; 4], Decoding::random(1));
        (0..draws).for_each(|_| counts[decoding.draw(&FOUR, &[], &mut random)] += 1);
        let parts = counts.iter().zip(&expected).filter(|(_, p)| **p > 0.0).map(|(&count, p)| {
            let mean = p * f64::from(draws);
            (f64::from(count) - mean).powi(2) / mean
        });
        let statistic: f64 = parts.sum();
        // Quantiles 0.999 of the chi-squared distribution with 1, 2 and 3 degrees of freedom.
        assert!(statistic < [10.83, 13.82, 16.27][least - 1], "{decoding:?}: {counts:?}, {statistic}");
        assert!(counts.iter().zip(&expected).all(|(&count, &p)| p > 0.0 || count == 0), "{counts:?}");
    }
}

/// Golden values: a seed must draw the same classes in every version and on every machine.
#[test]
fn draws_of_a_seed_never_change() {
    let drawn = |decoding: Decoding| {
        let mut random = Decoding::random(7);
        (0..24).map(|_| char::from(b'0' + decoding.draw(&FOUR, &[3], &mut random) as u8)).collect::<String>()
    };
    assert_eq!(drawn(plain()), "232323212032223333313321");
    assert_eq!(drawn(temperature(2.5)), "221313211032113232213211");
    assert_eq!(
        drawn(Decoding { penalty: 1.2, temperature: 0.8, top_k: Some(3), top_p: 0.9, min_p: 0.1 }),
        "232323222132223333323321"
    );
    let bits: Vec<u64> = temperature(0.7).apply(&FOUR, &[]).into_iter().map(f64::to_bits).collect();
    assert_eq!(bits, [0x3fb0_433e_12c3_af83, 0x3fc5_e34f_10a1_1676, 0x3fd3_880a_5e3e_fad8, 0x3fdd_757e_94bf_8e0a]);
}

#[test]
fn each_draw_takes_one_random_number() {
    let mut random = Decoding::random(3);
    let after = random.skip(4);
    for decoding in [plain(), temperature(0.0), top_k(1), min_p(1.0)] {
        decoding.draw(&FOUR, &[], &mut random);
    }
    assert_eq!(random, after);
}

proptest! {
    /// After `tests/test-sampling.cpp` of llama.cpp: with probabilities proportional to the number of the class, the
    /// result of each step is known in integers.
    #[test]
    fn steps_match_integer_arithmetic(n in 2u64..3000, k in 1u64..4000, p in 0u64..=16, m in 0u64..=16) {
        let probabilities: Vec<f32> = (0..n).map(|class| class as f32).collect();
        let mut least = (n - k.min(n)).max(1);
        let all = |least| (least..n).sum::<u64>();
        if p < 16 {
            let threshold = p * all(least);
            least = (least..n).rev().find(|&from| all(from) * 16 >= threshold).unwrap_or(least);
        }
        least = least.max((m * (n - 1)).div_ceil(16));
        let decoding = Decoding {
            top_k: Some(k as usize), top_p: p as f64 / 16.0, min_p: m as f64 / 16.0, ..plain()
        };
        let found = decoding.apply(&probabilities, &[]);
        prop_assert_eq!(kept(&found), (least as usize..n as usize).collect::<Vec<_>>());
        let share = |class: u64| class as f64 / all(least) as f64;
        prop_assert!((least..n).all(|class| (found[class as usize] - share(class)).abs() < 1e-12));
    }

    #[test]
    fn filters_are_idempotent_and_scale_invariant(
        p in prop::collection::vec(0f32..1.0, 1..40),
        seen in prop::collection::vec(0usize..50, 0..10),
        k in 1usize..50,
        m in 0f64..=1.0,
        t in 0.01f64..10.0,
    ) {
        for filter in [top_k(k), min_p(m), temperature(0.0)] {
            let once = filter.apply(&p, &[]);
            let again = filter.apply(&once.iter().map(|&p| p as f32).collect::<Vec<_>>(), &[]);
            prop_assert_eq!(kept(&once), kept(&again), "{:?}", filter);
        }
        let all = Decoding { penalty: 1.3, temperature: t, top_k: Some(k), top_p: 0.9, min_p: m };
        let found = all.apply(&p, &seen);
        prop_assert!((found.iter().sum::<f64>() - 1.0).abs() < 1e-12);
        // Adding a constant to logits multiplies probabilities. Factors that are powers of 2 are exact.
        for factor in [0.125, 64.0] {
            let scaled: Vec<f32> = p.iter().map(|p| p * factor).collect();
            prop_assert_eq!(&all.apply(&scaled, &seen), &found);
        }
        let drawn = all.draw(&p, &seen, &mut Decoding::random(k as u64));
        prop_assert!(found[drawn] > 0.0);
    }
}
