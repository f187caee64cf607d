const [biases, leaks, before] = [S.cell.biases, S.cell.leaks, S.cell.from_before].map(unpack);
const begin = [biases.map(() => 0)], columns = [];
// Draws the weights of an input.
const column = i => {
  const next = stream(S.cell.seed, i);
  return biases.map(() => next() / 2 ** 23 - 1);
};
// The state of the units after an event.
const updated = (event, [state]) => {
  const [x, entries] = encode(events, event, S.computed, 1 / 0), sum = biases.slice();
  for (const [i, q] of [...Array.from(standardizeEvent(x), (v, i) => [i, f(S.cell.factor * v)]), ...entries]) {
    if (q) (columns[i] ??= column(i)).forEach((w, u) => { sum[u] += f(q * w); });
  }
  return [state.map((h, u) => h + f(leaks[u] * f(tanh(f(sum[u] + f(before[u] * state.at(u - 1)))) - h)))];
};
