const U = S.cell.units, begin = S.cell.members.map(() => new Float32Array(U)), cells = S.cell.members.map(m => [
  [unpack(m.input_weights), unpack(m.input_biases)], [unpack(m.hidden_weights), unpack(m.hidden_biases)],
]);
// The hidden state of each member's cell after an event.
const updated = (event, states) => {
  const [x, entries] = encode(events, event, S.computed, S.cell.inputs), standardized = standardizeEvent(x);
  return cells.map(([inputs, hidden], m) => {
    const a = sums(inputs, standardized, entries), b = sums(hidden, states[m]), gate = u => sigmoid(f(a[u] + b[u]));
    return states[m].map((h, u) => {
      const n = tanh(f(a[u + 2 * U] + f(gate(u + U) * b[u + 2 * U])));
      return h + f(gate(u) * f(n - h));
    });
  });
};
