const standardizeEvent = standardizer(S.scaling, 10);
// Extends a list of the states after 0, 1, 2, ... of the past events, up to the state after all of them.
const extended = (past, states) => {
  states[0] = begin;
  while (states.length <= past.length) states.push(updated(past[states.length - 1], states.at(-1)));
  return states;
};
