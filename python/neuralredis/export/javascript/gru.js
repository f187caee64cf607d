const cell = S.cell, U = cell.units, heard = scaling(S.scaling), zeros = () => cell.members.map(() => new Float32Array(U));
const cells = cell.members.map(m => [
  dense(cell.inputs, 3 * U, m.input_weights, m.input_biases, S.computed), dense(U, 3 * U, m.hidden_weights, m.hidden_biases),
]);
const begin = () => ({ h: zeros(), sum: zeros(), n: 0 });
// Updates the hidden state of each member's cell by an event.
const hear = (state, event) => {
  let x = new Float32Array(S.computed);
  const entries = encode(events, event, x, cell.inputs);
  x = x.map((v, i) => v === v ? clamp(heard ? scaled(heard, i, v) : v, 10) : 0);
  cells.forEach(([inputs, hidden], m) => {
    const h = state.h[m], sum = state.sum[m], a = sums(inputs, x, entries), b = sums(hidden, h);
    const gate = u => sigmoid(f(a[u] + b[u]));
    for (let u = 0; u < U; u++) {
      const n = tanh(f(a[u + 2 * U] + f(gate(u + U) * b[u + 2 * U])));
      h[u] += f(gate(u) * f(n - h[u]));
      sum[u] += h[u];
    }
  });
  state.n++;
};
const held = ({ h, sum, n }) => h.flatMap((h, m) => S.next === null ? [...h, ...sum[m].map(s => s / Math.max(n, 1))] : [...h]);
