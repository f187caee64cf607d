const trim = t => t.replace(/^[ \t\n\f\r]+|[ \t\n\f\r]+$/g, ""), NUMBER = /^[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?$/i;
const number = v => {
  const x = typeof v === "object" || typeof v === "string" && !NUMBER.test(v = trim(v)) ? NaN : f(Number(v));
  return x - x === 0 ? x : undefined;
};
