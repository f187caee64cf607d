// Arithmetic in single precision; each operation is rounded once.
const f = Math.fround, D = new Float64Array(1), B = new Uint32Array(D.buffer), F = new Float32Array(1), J = new Uint32Array(F.buffer);
const clamp = (x, b) => x > -b ? x < b ? x : b : -b, FLT_MAX = f(3.4028235e38);
const fail = why => { throw new RangeError(why); };
const UP = 1 + 2 ** -51, DOWN = 1 - 2 ** -51;
// a * b + c, rounded once. Where rounding twice could differ, the sum is rounded to odd first (Boldo, Melquiond 2008).
const fma = (a, b, c) => {
  const p = a * b, s = p + c, y = f(s * DOWN);
  if (y === f(s * UP)) return y;
  const t = s - p, e = p - (s - t) + (c - t);
  D[0] = s;
  if (e && e - e === 0 && !(B[0] & 1)) {
    if (e > 0 === s > 0) B[0]++;
    else if (!B[0]--) B[1]--;
  }
  return f(D[0]);
};
