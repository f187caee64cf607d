const trim = t => t.replace(/^[ \t\n\f\r]+|[ \t\n\f\r]+$/g, "");
// Conversion alone would accept "0x10" and "Infinity".
const parsed = t => /^[-+.\de]+$/i.test(t) ? +t : NaN;
// A value as a number, where blank texts and "nan" are gaps.
const number = v => {
  if (typeof v === "string") {
    const t = trim(v);
    if (!t || /^nan$/i.test(v)) return null;
    v = parsed(t);
  }
  const x = typeof v === "object" ? NaN : f(Number(v));
  return x - x === 0 ? x : undefined;
};
