// The means of a member's units over the events; the state before the first event is 0.
const mean = (states, m) => states[0][m].map(
  (_, u) => states.reduce((sum, s) => f(sum + s[m][u]), 0) / Math.max(states.length - 1, 1),
);
