const cell = S.cell, [biases, leaks, before] = [cell.biases, cell.leaks, cell.from_before].map(unpack), heard = scaling(S.scaling), drawn = new Map();
const column = i => {
  if (!drawn.has(i)) {
    const next = stream(BigInt(cell.seed), i);
    drawn.set(i, biases.map(() => next() / 2 ** 23 - 1));
  }
  return drawn.get(i);
};
const begin = () => ({ h: new Float32Array(cell.units), sum: new Float32Array(cell.units), most: new Float32Array(cell.units), n: 0 });
const hear = (state, event) => {
  const x = new Float32Array(S.computed), { h, sum, most } = state, next = biases.slice();
  const add = (i, q) => {
    const w = column(i);
    for (let u = 0; u < w.length; u++) next[u] += f(q * w[u]);
  };
  const entries = encode(events, event, x, 1 / 0);
  x.forEach((v, i) => {
    const q = v === v ? f(cell.factor * clamp(heard ? scaled(heard, i, v) : v, 10)) : 0;
    if (q) add(i, q);
  });
  for (const [i, q] of entries) add(i, q);
  const was = h.slice();
  for (let u = 0; u < h.length; u++) {
    next[u] += f(before[u] * was.at(u - 1));
    h[u] += f(leaks[u] * f(tanh(next[u]) - h[u]));
    sum[u] += h[u];
    most[u] = !state.n || h[u] > most[u] ? h[u] : most[u];
  }
  state.n++;
};
const held = ({ h, sum, most, n }) => S.next === null ? [...h, ...sum.map(s => s / Math.max(n, 1)), ...most] : [...h];
