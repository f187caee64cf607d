const ready = d => [d, ...kinds[d.kind](d)];
const understood = ([d, expected, parse], v) => {
  const found = v == null || Number.isNaN(v.valueOf?.()) || d.kind !== "vector" && v.length === 0 ? null : parse(v);
  return found === undefined ? fail(`field ${d.name} is ${v}: expected ${expected}`) : found;
};
// The computed inputs of parsed values, with NaN for gaps, and the entries. Words from `most` inputs on are unknown.
const encode = (fields, given, computed, most) => {
  const x = new Float32Array(computed).fill(NaN), entries = [];
  fields.forEach(([d, , , put], i) => {
    const look = (n, q = 1) => entries.push([n < most ? n : d.gap + 1, q]);
    given[i] === null ? look(d.gap) : put(given[i], v => x.set(v, d.computed), look);
  });
  return [x, entries];
};
