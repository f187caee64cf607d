// Parses values by the kind of their field; null is a missing value.
const trim = t => t.replace(/^[ \t\n\f\r]+|[ \t\n\f\r]+$/g, ""), utf8 = t => new TextEncoder().encode(t);
const NUMBER = /^[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?$/i;
const given = v => {
  if (typeof v === "number") {
    // The shortest digits that identify the number, without an exponent.
    const [, sign, a, b = "", e] = /^(-?)(\d+)\.?(\d*)e?(.*)$/.exec(v) || [];
    if (!a) return v > 0 ? "inf" : "-inf";
    const d = a + b, p = a.length + +e;
    const word = !+e ? "" + v : p > 0 ? d.padEnd(p, 0) : "0." + "0".repeat(-p) + d;
    return !v && 1 / v < 0 ? "-0" : +e ? sign + word : word;
  }
  return typeof v === "string" || typeof v === "boolean" || typeof v === "bigint" ? "" + v : null;
};
const short = w => w !== null && utf8(w).length < 65 ? w : undefined;
const number = v => {
  const t = typeof v === "string" && trim(v);
  const x = t === false ? typeof v === "object" ? NaN : f(Number(v)) : NUMBER.test(t) ? f(t) : NaN;
  return x - x === 0 ? x : undefined;
};
const understand = {
  number,
  auto: v => number(v) ?? short(given(v)),
  category: v => short(given(v)),
  flag: v => {
    const t = typeof v === "string" ? v.toLowerCase() : v;
    return [1, true, "1", "true", "yes", "on"].includes(t) ? 1 : [0, false, "0", "false", "no", "off"].includes(t) ? 0 : undefined;
  },
  vector: (v, { length }) => {
    const x = (typeof v === "number" ? [v] : Array.isArray(v) || ArrayBuffer.isView(v) ? [...v] : []).map(number);
    return x.length === length && x.every(y => y !== undefined) ? x : undefined;
  },
  tags: v => {
    const words = (Array.isArray(v) ? v.filter(w => w != null && w === w).map(given) : typeof v === "string" ? v.split(",") : [given(v)]);
    if (words.includes(null)) return;
    const all = words.map(trim).filter(w => w);
    return all.every(w => short(w)) ? all.length ? all : null : undefined;
  },
};
const EXPECTED = {
  number: "a finite number", auto: "a number, or a word of at most 64 bytes", category: "a word of at most 64 bytes",
  flag: "true or false, 1 or 0, yes or no, on or off", time: "a Date, seconds since 1970, or a date such as 2026-11-25T18:30:00Z",
  text: "a text", tags: "a list of words of at most 64 bytes", vector: "a list of as many finite numbers as the field has",
};
const isGap = (v, kind) => v == null || v === "" || v !== v || Array.isArray(v) && !v.length && kind !== "vector"
  || v instanceof Date && isNaN(v) || typeof v === "string" && (kind === "number" || kind === "auto") && /^(nan|[ \t\n\f\r]*)$/i.test(v);
const understood = (d, v) => {
  if (isGap(v, d.kind)) return null;
  const found = understand[d.kind](v, d);
  return found === undefined ? fail(`field ${d.name} is ${v}: expected ${EXPECTED[d.kind]}`) : found;
};
const values = (fields, row) => {
  for (const name of Object.keys(row)) fields.some(d => d.name === name) || fail(`field ${name}: expected ${fields.map(d => d.name).join(", ")}`);
  return fields.map(d => understood(d, Object.hasOwn(row, d.name) ? row[d.name] : null));
};
const ready = (fields, words) => fields.map(d => ({
  ...d,
  words: d.numbers && new Map((d.words || words[d.event_field].words).map((w, i) => [w, d.numbers[i]])),
  knots: d.knots && unpack(d.knots),
}));
// The number of knots below a number, plus the fraction of the way to the next.
const place = (k, x) => {
  if (!k.length) return 0;
  let p = 1;
  while (p < k.length - 1 && k[p] <= x) p++;
  const share = f(f(x - k[p - 1]) / f(k[p] - k[p - 1]));
  return f(p - 1 + (share > 0 ? share < 1 ? share : 1 : 0));
};
// Sets the computed inputs x, NaN for missing values, and returns the entries; words beyond `inputs` are unknown.
const encode = (fields, given, x, inputs) => {
  const first = [], last = [];
  x.fill(NaN);
  if (!fields.some(d => "auto number flag time vector".includes(d.kind))) x[0] = 0;
  fields.forEach((d, i) => {
    const v = given[i], { kind, computed: c, gap } = d, known = n => [n < inputs ? n : gap + 1, 1], word = w => d.words.get(w) ?? gap + 1;
    const to = kind === "text" || kind === "tags" ? last : first;
    if (v === null) to.push([gap, 1]);
    else if (kind === "text") for (const [b, q] of v) to.push([gap + 1 + b, q]);
    else if (kind === "tags") to.push(...[...new Set(v.map(word))].sort((a, b) => a - b).map(known));
    else if (typeof v === "string") to.push(known(word(v)));
    else if (kind === "time") x.set(parts(v), c);
    else if (kind === "flag") x[c] = v;
    else if (kind === "vector") x.set(v, c);
    else x[c] = v, x[c + 1] = place(d.knots, v);
  });
  return [...first, ...last];
};
const of = (fields, given) => {
  const x = new Float32Array(M.computed), entries = encode(fields, given, x, M.layout[0]);
  return answer(x.map((v, i) => v === v ? v : ins ? ins.m[i] : 0), entries);
};
