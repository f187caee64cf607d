const utf8 = t => new TextEncoder().encode(t), short = w => w !== null && utf8(w).length < 65 ? w : undefined;
// A value as a word: of a number the shortest digits that identify it, without an exponent.
const given = v => {
  // Strings, booleans and bigints.
  if (typeof v !== "number") return /^(st|b)/.test(typeof v) ? "" + v : null;
  const [, sign, a, b, e] = /^(-?)(\d)\.?(\d*)e(.*)$/.exec(v) || [], d = a + b;
  return a ? sign + (e > 0 ? d.padEnd(+e + 1, 0) : "0." + "0".repeat(-e - 1) + d)
    : v || 1 / v > 0 ? ("" + v).replace("Infinity", "inf") : "-0";
};
