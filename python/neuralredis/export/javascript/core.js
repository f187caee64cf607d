// Arithmetic in single precision; each operation is rounded once.
const f = Math.fround, D = new Float64Array(1), B = new Uint32Array(D.buffer), F = new Float32Array(1), J = new Int32Array(F.buffer);
const clamp = (x, b) => (x > -b ? x : -b) < b ? (x > -b ? x : -b) : b, FLT_MAX = f(3.4028235e38);
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
const chain = (x, cs) => cs.reduce((p, c) => fma(p, x, c)), singles = (...cs) => cs.map(f);
const EXP = singles(0.001381454, 0.008368745, 0.04166839, 0.16666521, 0.49999994);
const TANH = singles(-0.0057049864, 0.020639086, -0.053739715, 0.13331442, -0.3333328);
const exp = x => {
  x = x > f(-87.3) ? x < f(88.3) ? x : f(88.3) : f(-87.3);
  const s = fma(x, f(1.44269504), 12583039), n = f(s - 12583039);
  const r = fma(n, f(2.1219444e-4), fma(n, f(-0.6933594), x));
  const p = chain(r, EXP);
  const y = f(1 + fma(f(r * r), p, r));
  F[0] = s;
  J[0] <<= 23;
  return f(y * F[0]);
};
const sigmoid = x => f(1 / f(1 + exp(0 - x)));
const tanh = x => {
  const a = x > 0 - x ? x : 0 - x, q = f(x * x);
  if (a > 0.625) {
    const y = f(1 - f(2 / f(exp(f(a + a)) + 1)));
    return x > 0 ? y : 0 - y;
  }
  return fma(f(q * x), chain(q, TANH), x);
};
const act = { relu: x => x > 0 ? x : 0, sigmoid, tanh };
const unpack = t => new Float32Array(Uint8Array.from(atob(t), c => c.charCodeAt()).buffer);
const scaling = s => s && { m: unpack(s.mean), s: unpack(s.scale) };
const scaled = (s, i, x) => f(clamp(f(x - s.m[i]), FLT_MAX) * s.s[i]);
const ins = scaling(M.input_scaling), outs = scaling(M.output_scaling), share = f(1 / M.members.length);
const members = M.members.map(m => m.map((l, i) => {
  const n = i ? l.inputs : M.computed, o = l.outputs, w = unpack(l.weights), t = new Float32Array(n * o);
  for (let u = 0; u < o; u++) for (let k = 0; k < n; k++) t[u * n + k] = w[k * o + u];
  return { n, o, w, t, b: unpack(l.biases), a: act[l.activation], e: n < l.inputs };
}));
// The outputs, from computed inputs and from entries: pairs of the index and the value of a looked-up input.
const answer = (x, entries) => {
  const all = new Float32Array(M.layout.at(-1));
  if (ins) x = x.map((v, i) => clamp(scaled(ins, i, v), M.input_limit));
  for (const m of members) {
    let v = x;
    for (const { n, o, w, t, b, a, e } of m) {
      const z = new Float32Array(o);
      for (let u = 0; u < o; u++) {
        let s = b[u];
        for (let k = 0, j = u * n; k < n; k++) {
          const r = t[j + k] * v[k] + s, y = f(r * DOWN);
          s = y === f(r * UP) ? y : fma(t[j + k], v[k], s);
        }
        s = clamp(s, M.unit_limit);
        if (e) {
          for (const [k, q] of entries) s = fma(q, w[k * o + u], s);
          s = clamp(s, M.unit_limit);
        }
        z[u] = a ? a(s) : s;
      }
      v = z;
    }
    for (let u = 0; u < all.length; u++) all[u] = members.length > 1 ? all[u] + f(v[u] * share) : v[u];
  }
  let y = all;
  if (M.head === "softmax") {
    const most = y.reduce((a, b) => a > b ? a : b);
    y = y.map(z => exp(f(z - most)));
    const sum = y.reduce((a, b) => f(a + b), 0);
    y = y.map(e => e / sum);
  }
  if (M.head === "two_class") {
    const d = f(y[1] - y[0]);
    y = y.map((_, i) => i ? d : -d);
  }
  if (M.head === "two_class" || M.head === "sigmoid") y = y.map(sigmoid);
  if (outs) y = y.map((v, i) => outs.s[i] ? clamp(f(f(v / outs.s[i]) + outs.m[i]), FLT_MAX) : outs.m[i]);
  return [...y.slice(0, M.answers)];
};
const best = y => y.reduce((b, v, i) => v > y[b] ? i : b, 0);
