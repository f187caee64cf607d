const understood = (d, v) => {
  const kind = kinds[d.kind], found = v == null || v === "" || v !== v || v instanceof Date && isNaN(v)
    || d.kind !== "vector" && v.length === 0
    || d.knots != null && typeof v === "string" && /^(nan|[ \t\n\f\r]*)$/i.test(v) ? null : kind.read(v, d);
  return found === undefined ? fail(`field ${d.name} is ${v}: expected ${kind.expected}`) : found;
};
const values = (fields, row) => {
  const names = fields.map(d => d.name);
  for (const name of Object.keys(row)) names.includes(name) || fail(`field ${name}: expected ${names.join(", ")}`);
  return fields.map(d => understood(d, Object.hasOwn(row, d.name) ? row[d.name] : null));
};
const ready = fields => fields.map(d => ({
  ...d,
  words: d.numbers && new Map(d.words.map((w, i) => [w, d.numbers[i]])),
  knots: d.knots && unpack(d.knots),
}));
// Sets the computed inputs x, NaN for missing values, and returns the entries; words beyond `inputs` are unknown.
const encode = (fields, given, x, inputs) => {
  const entries = [[], []];
  x.fill(NaN);
  if (fields.every(d => kinds[d.kind].looked)) x[0] = 0;
  fields.forEach((d, i) => {
    const v = given[i], kind = kinds[d.kind];
    const look = (n, q = 1) => entries[kind.looked > 1 ? 1 : 0].push([n < inputs ? n : d.gap + 1, q]);
    v === null ? look(d.gap) : kind.put(x, v, d, look);
  });
  return entries.flat();
};
const of = (fields, given) => {
  const x = new Float32Array(M.computed), entries = encode(fields, given, x, M.layout[0]);
  return answer(x.map((v, i) => v === v ? v : ins ? ins.m[i] : 0), entries);
};
