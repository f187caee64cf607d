// Layers: weights (of an input, all units), biases, first input, activation.
const members = M.members.map(m => m.map(l => [unpack(l.weights), unpack(l.biases), l.offset, act[l.activation]]));
// The weighted sums of a layer's units, of computed inputs, then of entries: pairs of the index and value of an input.
const sums = ([w, b, first = 0], x, entries = []) => {
  const z = b.slice(), n = b.length, last = Math.min(w.length / n, x.length - first);
  for (let u = n; u--;) {
    let s = b[u];
    for (let k = 0; k < last; k++) s = fma(w[k * n + u], x[first + k], s);
    s = clamp(s, M.unit_limit);
    for (const [k, q] of entries) s = fma(w[k * n + u], q, s);
    z[u] = clamp(s, M.unit_limit);
  }
  return z;
};
// The outputs, from computed inputs and from entries.
const answer = (x, entries) => [...unscaled(head(together(members.map(
  m => m.reduce((v, l, i) => sums(l, v, i ? [] : entries).map(l[3]), standardize(x)),
)))).slice(0, M.answers)];
