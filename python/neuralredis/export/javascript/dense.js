// Layers of cells: what units sum up of values and of entries.
const dense = (c, n, o, weights, biases) => {
  const w = unpack(weights);
  return { c, n, t: w.map((_, j) => w[j % n * o + (j - j % n) / n]), b: unpack(biases) };
};
const sums = ({ c, n, t, b }, v, entries) => b.map((s, u) => {
  for (let k = 0; k < c; k++) s = fma(t[u * n + k], v[k], s);
  s = clamp(s, M.unit_limit);
  if (c < n) for (const [k, q] of entries) s = fma(q, t[u * n + k], s);
  return clamp(s, M.unit_limit);
});
