//! Every instruction set against the portable one, bit for bit, and the portable one against loops in double precision.

use super::*;
use crate::random::Random;

fn numbers(count: usize, seed: u64) -> Vec<f32> {
    let mut random = Random::new(seed, 9);
    (0..count).map(|_| random.symmetric() * 2.0).collect()
}

fn bits(v: &[f32]) -> Vec<u32> {
    v.iter().map(|x| x.to_bits()).collect()
}

/// Inputs, outputs and groups of layers. They cover each remainder of each tile, and more than one L1 block.
const SHAPES: [(usize, usize, usize); 13] = [
    (1, 1, 1),
    (2, 3, 2),
    (9, 15, 7),
    (15, 2, 16),
    (7, 5, 3),
    (3, 4, 13),
    (31, 12, 5),
    (16, 23, 1),
    (13, 19, 8),
    (64, 100, 4),
    (100, 10, 16),
    (33, 131, 2),
    (133, 131, 1),
];

/// Runs `f` with each instruction set, and asserts that all give the bits of the portable one.
fn agree(what: &str, f: impl Fn(&Kernels) -> Vec<f32>) -> Vec<f32> {
    let all = available();
    let (portable, others) = all.split_last().expect("every CPU has the portable kernels");
    let expected = f(portable);
    for kernels in others {
        assert!(bits(&f(kernels)) == bits(&expected), "{what}: {} differs from portable", kernels.name);
    }
    expected
}

fn assert_close(got: f32, exact: f64, scale: f64) {
    assert!((f64::from(got) - exact).abs() <= 1e-5 * (scale + 1.0), "{got} is not {exact}");
}

#[test]
fn affine_is_a_matrix_product() {
    for (inputs, outputs, groups) in SHAPES {
        let matrix = numbers((inputs + 1) * outputs, 1);
        let x = numbers(groups * inputs * LANES, 2);
        let z = agree("affine", |k| {
            let mut z = vec![0.0; groups * outputs * LANES];
            (k.affine)(&matrix, inputs, &x, groups, &mut z);
            z
        });
        for (at, &z) in z.iter().enumerate() {
            let (group, unit, lane) = (at / (outputs * LANES), at / LANES % outputs, at % LANES);
            let term = |i: usize| {
                f64::from(matrix[(i + 1) * outputs + unit]) * f64::from(x[(group * inputs + i) * LANES + lane])
            };
            assert_close(z, f64::from(matrix[unit]) + (0..inputs).map(term).sum::<f64>(), inputs as f64);
        }
    }
}

#[test]
fn a_row_gives_the_same_bits_alone_and_in_a_group() {
    for (inputs, outputs, _) in SHAPES {
        let matrix = numbers((inputs + 1) * outputs, 3);
        let x = numbers(inputs * LANES, 4);
        let mut z = vec![0.0; outputs * LANES];
        (kernels().affine)(&matrix, inputs, &x, 1, &mut z);
        for lane in 0..LANES {
            let row: Vec<f32> = (0..inputs).map(|i| x[i * LANES + lane]).collect();
            let alone = agree("affine_row", |k| {
                let mut alone = vec![0.0; outputs];
                (k.affine_row)(&matrix, &row, &mut alone);
                alone
            });
            let grouped: Vec<f32> = (0..outputs).map(|j| z[j * LANES + lane]).collect();
            assert_eq!(bits(&alone), bits(&grouped));
        }
    }
}

#[test]
fn backward_is_the_transposed_product() {
    for (inputs, outputs, groups) in SHAPES {
        let matrix = numbers((inputs + 1) * outputs, 5);
        let delta = numbers(groups * outputs * LANES, 6);
        let before = agree("backward", |k| {
            let mut before = vec![0.0; groups * inputs * LANES];
            (k.backward)(&matrix, inputs, &delta, groups, &mut before);
            before
        });
        for (at, &before) in before.iter().enumerate() {
            let (group, unit, lane) = (at / (inputs * LANES), at / LANES % inputs, at % LANES);
            let term = |j: usize| {
                f64::from(matrix[(unit + 1) * outputs + j]) * f64::from(delta[(group * outputs + j) * LANES + lane])
            };
            assert_close(before, (0..outputs).map(term).sum::<f64>(), outputs as f64);
        }
    }
}

#[test]
fn gradient_adds_the_sum_over_the_rows() {
    for (inputs, outputs, groups) in SHAPES {
        let x = numbers(groups * inputs * LANES, 7);
        let delta = numbers(groups * outputs * LANES, 8);
        let start = numbers((inputs + 1) * outputs, 9);
        let gradient = agree("gradient", |k| {
            let mut gradient = start.clone();
            (k.gradient)(inputs, &x, &delta, groups, &mut gradient);
            gradient
        });
        for (at, &gradient) in gradient.iter().enumerate() {
            let (row, j) = (at / outputs, at % outputs);
            let mut exact = f64::from(start[at]);
            for group in 0..groups {
                for lane in 0..LANES {
                    let x = if row == 0 { 1.0 } else { x[(group * inputs + row - 1) * LANES + lane] };
                    exact += f64::from(x) * f64::from(delta[(group * outputs + j) * LANES + lane]);
                }
            }
            assert_close(gradient, exact, (groups * LANES) as f64);
        }
    }
}

#[test]
fn unit_functions_agree_on_every_instruction_set() {
    let mut values = numbers(16 * 40, 10);
    for (i, value) in values.iter_mut().enumerate() {
        *value *= [0.01, 1.0, 10.0, 1e6][i % 4];
    }
    values.extend([0.0, -0.0, f32::MAX, f32::MIN, 1e-40, 88.0, -88.0, 0.625]);
    for activation in Activation::ALL {
        // The last values of a slice, which do not fill a vector, must have the same bits as in a whole vector.
        let a = agree("activate", |k| {
            let mut z = values.clone();
            (k.activate)(*activation, &mut z);
            z
        });
        let mut tail = values[3..8].to_vec();
        (kernels().activate)(*activation, &mut tail);
        assert_eq!(bits(&tail), bits(&a[3..8]));
        agree("derive", |k| {
            let mut delta = numbers(16 * 40, 11);
            (k.derive)(*activation, &a[..16 * 40], &mut delta);
            delta
        });
    }
}

#[test]
fn standardized_inputs_agree_and_are_finite_for_any_input() {
    let x: Vec<f32> =
        [1.0, -3.5, f32::MAX, f32::MIN, 1e9, 1e-9, 0.0, 7.0].iter().flat_map(|&x| vec![x; LANES]).collect();
    let mean = [0.5, -1e9, f32::MIN, f32::MAX, 1e9, 0.0, 0.0, 7.0];
    let scale = [2.0, 1e-9, 1e38, 0.0, 1.0, 1e9, f32::MAX, 0.0];
    let grouped = agree("standardize", |k| {
        let mut to = vec![0.0; x.len()];
        (k.standardize)(&x, &mean, &scale, &mut to);
        to
    });
    assert!(grouped.iter().all(|x| x.is_finite()));
    let row: Vec<f32> = x.iter().step_by(LANES).copied().collect();
    let alone = agree("standardize_row", |k| {
        let mut to = vec![0.0; row.len()];
        (k.standardize_row)(&row, &mean, &scale, &mut to);
        to
    });
    assert_eq!(bits(&alone), bits(&grouped.iter().step_by(LANES).copied().collect::<Vec<_>>()));
}

#[test]
fn heads_agree_and_a_row_alone_gives_the_same_bits() {
    for output in Output::ALL {
        for outputs in [1, 2, 3, 16, 17, 100] {
            let z: Vec<f32> = numbers(outputs * LANES, 12).iter().map(|z| z * 20.0).collect();
            let grouped = agree("predict", |k| {
                let mut z = z.clone();
                (k.predict)(*output, &mut z);
                z
            });
            for lane in 0..LANES {
                let alone = agree("predict_row", |k| {
                    let mut row: Vec<f32> = (0..outputs).map(|j| z[j * LANES + lane]).collect();
                    (k.predict_row)(*output, &mut row);
                    row
                });
                let grouped: Vec<f32> = (0..outputs).map(|j| grouped[j * LANES + lane]).collect();
                assert_eq!(bits(&alone), bits(&grouped));
            }
        }
    }
}

/// Every combination of output and loss that the options allow.
const HEADS: [(Output, Loss); 5] = [
    (Output::Softmax, Loss::CrossEntropy),
    (Output::Softmax, Loss::Mse),
    (Output::Sigmoid, Loss::CrossEntropy),
    (Output::Sigmoid, Loss::Mse),
    (Output::Linear, Loss::Mse),
];

#[test]
fn deltas_are_the_derivatives_of_the_loss() {
    for (output, loss) in HEADS {
        for outputs in [2, 5] {
            let z = numbers(outputs * LANES, 13);
            let target: Vec<f32> =
                (0..outputs * LANES).map(|at| f32::from(u8::from(at / LANES == at % LANES % outputs))).collect();
            let run = |k: &Kernels, z: &[f32]| {
                let (mut z, mut delta, mut rows) = (z.to_vec(), vec![0.0; z.len()], [0.0; LANES]);
                (k.loss)(output, loss, &mut z, &target, &mut delta, &mut rows);
                (delta, rows)
            };
            let delta = agree("loss", |k| run(k, &z).0);
            agree("row losses", |k| run(k, &z).1.to_vec());
            for at in 0..z.len() {
                let shifted = |by: f32| {
                    let mut z = z.clone();
                    z[at] += by;
                    f64::from(run(kernels(), &z).1[at % LANES])
                };
                let difference = (shifted(1e-2) - shifted(-1e-2)) / 2e-2;
                let error = (f64::from(delta[at]) - difference).abs();
                assert!(error < 2e-3, "{output:?} {loss:?}: {} is not {difference}", delta[at]);
            }
        }
    }
}

#[test]
fn steps_agree_on_every_instruction_set() {
    let count = 1003;
    let gradient: Vec<f32> = numbers(count, 14).iter().map(|g| if g.abs() < 0.2 { 0.0 } else { *g }).collect();
    for undo in [false, true] {
        for decay in [0.0, 0.1] {
            agree("step", |k| {
                let mut weights = numbers(count, 15);
                let mut sizes: Vec<f32> = numbers(count, 16).iter().map(|s| s.abs() * 30.0 + 1e-6).collect();
                let mut signs: Vec<i8> = (0..count).map(|i| (i % 3) as i8 - 1).collect();
                (k.step)(StepRule { scale: 0.25, decay, undo }, &gradient, &mut weights, &mut sizes, &mut signs);
                weights.extend(sizes);
                weights.extend(signs.into_iter().map(f32::from));
                weights
            });
        }
    }
}

#[test]
fn steps_of_adam_agree_on_every_instruction_set() {
    let count = 1003;
    agree("adam", |k| {
        let mut gradient = numbers(count, 14);
        gradient[7] = f32::NAN;
        let [mut weights, mut first, mut average] = [15, 16, 17].map(|seed| numbers(count, seed));
        let mut second: Vec<f32> = numbers(count, 18).iter().map(|v| v.abs()).collect();
        // Numbers that become 0.
        for values in [&mut weights, &mut first, &mut second, &mut average] {
            values[500..600].fill(1e-35);
        }
        gradient[500..600].fill(0.0);
        let parameters =
            AdamParameters { weights: &mut weights, first: &mut first, second: &mut second, average: &mut average };
        let rule = AdamRule { scale: 0.3, decay: 0.01, rate: 0.02, root_scale: 1.5, share: 0.1 };
        (k.adam)(rule, &mut gradient, parameters);
        [weights, first, second, average, gradient].concat()
    });
}

#[test]
fn leaky_units_agree_on_every_instruction_set_and_with_plain_loops() {
    for count in [1, 7, 16, 31, 48, 200] {
        let [biases, from_before, start, sums, most] = [30, 31, 32, 33, 34].map(|seed| numbers(count, seed));
        let leaks: Vec<f32> = numbers(count, 35).iter().map(|leak| leak.abs() / 2.0).collect();
        let weights = numbers(9 * count, 36);
        let entries = [(3, 1.0), (8, -0.7), (0, 2.5)].map(|(number, value)| Entry { number, value });
        let all = agree("leaky_step", |k| {
            let units = LeakyUnits { biases: &biases, leaks: &leaks, from_before: &from_before, weights: &weights };
            let (mut held, mut sums, mut most) = ([&[f32::NAN], &start[..]].concat(), sums.clone(), most.clone());
            (k.leaky_step)(units, &entries, LeakyState { held: &mut held, sums: &mut sums, most: &mut most });
            [&held[1..], &sums, &most].concat()
        });
        for unit in 0..count {
            let given: f64 = entries
                .iter()
                .map(|entry| f64::from(entry.value) * f64::from(weights[entry.number as usize * count + unit]))
                .sum();
            let before = f64::from(from_before[unit]) * f64::from(start[(unit + count - 1) % count]);
            let was = f64::from(start[unit]);
            let now = was + f64::from(leaks[unit]) * ((f64::from(biases[unit]) + given + before).tanh() - was);
            assert_close(all[unit], now, 1.0);
            assert_close(all[count + unit], f64::from(sums[unit]) + now, 1.0);
            assert_close(all[2 * count + unit], now.max(most[unit].into()), 1.0);
        }
    }
}

#[test]
fn sparse_inputs_agree_on_every_instruction_set_and_with_plain_loops() {
    for units in [1, 7, 15, 16, 30, 64, 100] {
        let matrix = numbers(21 * units, 19);
        let mut random = Random::new(20, 9);
        // One entry occurs twice.
        let mut entries: Vec<Entry> =
            (0..12).map(|_| Entry { number: random.below(20) as u32, value: random.symmetric() }).collect();
        entries.push(entries[0]);
        let start = numbers(units, 21);
        let sums = agree("add_entries", |k| {
            let mut z = start.clone();
            (k.add_entries)(&matrix, &entries, &mut z);
            z
        });
        let changed = agree("gradient_of_entries", |k| {
            let mut gradient = matrix.clone();
            (k.gradient_of_entries)(&start, &entries, &mut gradient);
            gradient
        });
        let (mut plain_sums, mut plain) = (start.clone(), matrix.clone());
        for Entry { number, value } in &entries {
            let row = (1 + *number as usize) * units..(2 + *number as usize) * units;
            for ((sum, weight), (to, delta)) in
                plain_sums.iter_mut().zip(&matrix[row.clone()]).zip(plain[row].iter_mut().zip(&start))
            {
                *sum = value.mul_add(*weight, *sum);
                *to = value.mul_add(*delta, *to);
            }
        }
        assert_eq!((bits(&sums), bits(&changed)), (bits(&plain_sums), bits(&plain)), "{units} units");
    }
}

#[test]
fn sums_of_products_and_multiples_agree_on_every_instruction_set() {
    for count in [1, 15, 16, 64, 65, 256, 1003] {
        let (a, b) = (numbers(count, 17), numbers(count, 18));
        let sum = |k: &Kernels| {
            let mut sum = f64::NAN;
            (k.dot)(&a, &b, &mut sum);
            sum
        };
        // The bits of the double, in two halves.
        agree("dot", |k| {
            let bits = sum(k).to_bits();
            vec![f32::from_bits(bits as u32), f32::from_bits((bits >> 32) as u32)]
        });
        let exact: f64 = a.iter().zip(&b).map(|(&a, &b)| f64::from(a) * f64::from(b)).sum();
        assert!((sum(kernels()) - exact).abs() < 1e-6 * count as f64);
        let added = agree("add_scaled", |k| {
            let mut to = b.clone();
            (k.add_scaled)(0.7, &a, &mut to);
            to
        });
        for ((added, a), b) in added.iter().zip(&a).zip(&b) {
            assert_close(*added, f64::from(0.7f32) * f64::from(*a) + f64::from(*b), 2.0);
        }
    }
}
