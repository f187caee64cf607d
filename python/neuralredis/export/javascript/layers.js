const unpack = t => new Float32Array(Uint8Array.from(atob(t), c => c.charCodeAt()).buffer);
const scaling = s => s && { m: unpack(s.mean), s: unpack(s.scale) };
const scaled = (s, i, x) => f(clamp(f(x - s.m[i]), FLT_MAX) * s.s[i]);
const ins = scaling(M.input_scaling), share = f(1 / M.members.length);
const members = M.members.map(m => m.map((l, i) => {
  const n = l.inputs, o = l.outputs, w = unpack(l.weights);
  // Weights unit after unit. Of the inputs, the first so many are computed.
  return { n, t: w.map((_, j) => w[j % n * o + (j - j % n) / n]), b: unpack(l.biases), a: act[l.activation], c: i ? n : Math.min(n, M.computed), p: l.offset ?? 0 };
}));
// The outputs, from computed inputs and from entries: pairs of the index and the value of a looked-up input.
const answer = (x, entries) => {
  const all = new Float32Array(M.layout.at(-1));
  if (ins) x = x.map((v, i) => clamp(scaled(ins, i, v), M.input_limit));
  for (const m of members) {
    let v = x;
    for (const { n, t, b, a, c, p } of m) {
      const z = b.slice();
      for (let u = 0; u < z.length; u++) {
        const j = u * n;
        let s = b[u];
        for (let k = 0; k < c; k++) {
          const r = t[j + k] * v[p + k] + s, y = f(r * DOWN);
          s = y === f(r * UP) ? y : fma(t[j + k], v[p + k], s);
        }
        s = clamp(s, M.unit_limit);
        if (c < n) {
          for (const [k, q] of entries) s = fma(q, t[j + k], s);
          s = clamp(s, M.unit_limit);
        }
        z[u] = a ? a(s) : s;
      }
      v = z;
    }
    for (let u = 0; u < all.length; u++) all[u] = members.length > 1 ? all[u] + f(v[u] * share) : v[u];
  }
  return [...unscaled(head(all)).slice(0, M.answers)];
};
