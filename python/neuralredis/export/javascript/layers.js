const unpack = t => new Float32Array(Uint8Array.from(atob(t), c => c.charCodeAt()).buffer);
const scaling = s => s && { m: unpack(s.mean), s: unpack(s.scale) };
const scaled = (s, i, x) => f(clamp(f(x - s.m[i]), FLT_MAX) * s.s[i]);
const ins = scaling(M.input_scaling), share = f(1 / M.members.length);
// A dense layer of n inputs and o units. The first c inputs are computed, the others looked up. Weights are stored unit by unit.
const dense = (n, o, weights, biases, c = n) => {
  const w = unpack(weights);
  return { n, c, t: w.map((_, j) => w[j % n * o + (j - j % n) / n]), b: unpack(biases) };
};
const members = M.members.map(m => m.map((l, i) => ({
  ...dense(l.inputs, l.outputs, l.weights, l.biases, i ? l.inputs : Math.min(l.inputs, M.computed)), a: act[l.activation], p: l.offset,
})));
// The weighted sums of a layer's units, of values from index p on, and of entries.
const sums = ({ n, c, t, b, p = 0 }, v, entries = []) => {
  const z = b.slice();
  for (let u = z.length; u--;) {
    let s = b[u];
    for (let k = 0; k < c; k++) s = fma(t[u * n + k], v[p + k], s);
    s = clamp(s, M.unit_limit);
    for (const [k, q] of entries) s = fma(q, t[u * n + k], s);
    z[u] = clamp(s, M.unit_limit);
  }
  return z;
};
// The outputs, from computed inputs and from entries: pairs of the index and the value of a looked-up input.
const answer = (x, entries) => {
  const all = new Float32Array(M.layout.at(-1));
  if (ins) x = x.map((v, i) => clamp(scaled(ins, i, v), M.input_limit));
  for (const m of members) {
    let v = x, looked = entries;
    for (const l of m) {
      v = sums(l, v, looked);
      if (l.a) v = v.map(l.a);
      looked = [];
    }
    for (let u = all.length; u--;) all[u] = members.length > 1 ? all[u] + f(v[u] * share) : v[u];
  }
  return [...unscaled(head(all)).slice(0, M.answers)];
};
