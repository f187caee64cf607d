// Arithmetic in single precision; each operation is rounded once.
const f = Math.fround, F = new Float32Array(1), J = new Uint32Array(F.buffer);
const clamp = (x, b) => x > -b ? x < b ? x : b : -b, FLT_MAX = f(3.4028235e38);
const fail = why => { throw new RangeError(why); };
// a * b + c, rounded once. The product p is exact in double precision, but the sum s is rounded. Rounding s again gives
// another number only if s lies in the middle between two numbers, y and z. Then the error e of s decides between them
// (O. Moller, "Quasi double-precision in floating point addition", BIT 5, 1965).
const fma = (a, b, c) => {
  const p = a * b, s = p + c, y = f(s), z = 2 * s - y;
  if (z !== f(z) || z === y) return y;
  const t = s - p, e = p - (s - t) + (c - t);
  return f(s * (e ? e > 0 === s > 0 ? 1 + 2 ** -52 : 1 - 2 ** -53 : 1));
};
