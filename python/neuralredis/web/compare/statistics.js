// Tests and intervals for comparisons. The same as python/neuralredis/statistics.py and paired.py, which name the
// sources; a test compares both.

// Standard deviations within which 95 % of a normal distribution lie.
const NORMAL_95 = 1.96;

/** Return both ends of Wilson's 95 % interval of a share, 0 to 1, of a number of rows. */
export function wilson(share, rows) {
  const z = NORMAL_95;
  const middle = (share + (z * z) / (2 * rows)) / (1 + (z * z) / rows);
  const half = (z * Math.sqrt((share * (1 - share)) / rows + (z * z) / (4 * rows * rows))) / (1 + (z * z) / rows);
  return [Math.max(middle - half, 0), Math.min(middle + half, 1)];
}

/** Return the p-value of McNemar's exact test from the numbers of rows that only one of two networks gets right. */
export function mcnemar(first, second) {
  if (first === second) return 1;
  const rows = first + second;
  let term = -rows * Math.LN2;
  let sum = Math.exp(term);
  for (let place = 1; place <= Math.min(first, second); place += 1) {
    term += Math.log((rows - place + 1) / place);
    sum += Math.exp(term);
  }
  return Math.min(1, 2 * sum);
}

/** Return the difference of two accuracies and its 95 % interval (Agresti and Min). */
export function shareDifference(first, second, rows) {
  const [a, b, n] = [first + 0.5, second + 0.5, rows + 2];
  const middle = (b - a) / n;
  const half = (NORMAL_95 * Math.sqrt(Math.max(a + b - (b - a) ** 2 / n, 0))) / n;
  return [(second - first) / rows, Math.max(middle - half, -1), Math.min(middle + half, 1)];
}

/** Return the p-value of the paired t-test. */
export function pairedT(differences) {
  if (differences.length < 2 || differences.every((value) => value === 0)) return 1;
  const { mean, error } = meanAndError(differences);
  return error === 0 ? 0 : studentTail(mean / error, differences.length - 1);
}

/** Return a mean and both ends of its 95 % interval. */
export function meanInterval(values) {
  const { mean, error } = meanAndError(values);
  if (values.length < 2) return [mean, NaN, NaN];
  const half = student95(values.length - 1) * error;
  return [mean, mean - half, mean + half];
}

/** Return p-values corrected for multiple comparisons (Holm). */
export function holm(values) {
  const order = values.map((_, place) => place).sort((a, b) => values[a] - values[b]);
  const found = [];
  let least = 0;
  order.forEach((place, done) => {
    least = Math.max(least, Math.min(1, (values.length - done) * values[place]));
    found[place] = least;
  });
  return found;
}

/** Return the two-sided tail probability of Student's t-distribution. */
export function studentTail(t, freedom) {
  return incompleteBeta(freedom / (freedom + t * t), freedom / 2, 0.5);
}

function student95(freedom) {
  let [low, high] = [0, 16];
  for (let step = 0; step < 60; step += 1) {
    const middle = (low + high) / 2;
    if (studentTail(middle, freedom) > 0.05) low = middle;
    else high = middle;
  }
  return high;
}

function meanAndError(values) {
  const rows = values.length;
  const mean = values.reduce((sum, value) => sum + value, 0) / rows;
  const squares = values.reduce((sum, value) => sum + (value - mean) ** 2, 0);
  return { mean, error: Math.sqrt(squares / (rows - 1) / rows) };
}

function incompleteBeta(x, a, b) {
  if (x <= 0 || x >= 1) return x >= 1 ? 1 : 0;
  if (x > (a + 1) / (a + b + 2)) return 1 - incompleteBeta(1 - x, b, a);
  const front = a * Math.log(x) + b * Math.log1p(-x) + logGamma(a + b) - logGamma(a) - logGamma(b);
  // Lentz's algorithm for the continued fraction.
  let c = 1;
  let d = 1 / (1 - ((a + b) * x) / (a + 1));
  let value = d;
  for (let m = 1; m < 300; m += 1) {
    const even = (m * (b - m) * x) / ((a + 2 * m - 1) * (a + 2 * m));
    const odd = (-(a + m) * (a + b + m) * x) / ((a + 2 * m) * (a + 2 * m + 1));
    for (const term of [even, odd]) {
      d = 1 / (1 + term * d);
      c = 1 + term / c;
      value *= c * d;
    }
    if (Math.abs(c * d - 1) < 1e-15) break;
  }
  return (Math.exp(front) / a) * value;
}

// C. Lanczos, "A precision approximation of the gamma function", SIAM Journal on Numerical Analysis 1, 1964, with g = 7
// and nine coefficients; for x of at least 0.5.
const LANCZOS = [
  0.99999999999980993, 676.5203681218851, -1259.1392167224028, 771.32342877765313, -176.61502916214059,
  12.507343278686905, -0.13857109526572012, 9.9843695780195716e-6, 1.5056327351493116e-7,
];

function logGamma(x) {
  const sum = LANCZOS.slice(1).reduce((sum, each, place) => sum + each / (x + place), LANCZOS[0]);
  const t = x + 6.5;
  return 0.5 * Math.log(2 * Math.PI) + (x - 0.5) * Math.log(t) - t + Math.log(sum);
}
