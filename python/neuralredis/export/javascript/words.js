const utf8 = t => new TextEncoder().encode(t), short = w => w !== null && utf8(w).length < 65 ? w : undefined;
// A value as a word; a number in the shortest digits that identify it, without an exponent.
const given = v => {
  // Strings, booleans and bigints.
  if (typeof v !== "number") return /^(st|b)/.test(typeof v) ? "" + v : null;
  return (v || 1 / v > 0 ? "" : "-") + ("" + v).replace("Infinity", "inf").replace(/(\d)\.?(\d*)e(.*)/, (_, a, b, e) =>
    e > 0 ? (a + b).padEnd(+e + 1, 0) : "0." + "0".repeat(-e - 1) + a + b);
};
