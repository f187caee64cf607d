// Format numbers as the command line does.

const separated = new Intl.NumberFormat("en-US", { maximumFractionDigits: 0 });

/** Return an integer with commas between groups of three digits. */
export function countOf(number) {
  return separated.format(number);
}

/** Return a count with its noun in singular or plural. */
export function several(number, what) {
  return `${countOf(number)} ${what}${number === 1 ? "" : "s"}`;
}

/** Return a share, 0 to 1, in percent. */
export function percent(part) {
  return part === 1 ? "100 %" : `${(100 * part).toFixed(1)} %`;
}

/** Return a number with four significant digits. */
export function plain(number) {
  if (!Number.isFinite(number)) return "–";
  const size = Math.abs(number);
  if (size === 0) return "0";
  if (size >= 1e15 || size < 1e-12) return number.toExponential(2);
  if (size >= 10000) return countOf(number);
  if (size >= 1000) return number.toFixed(0);
  const text = number.toFixed(Math.max(0, Math.min(20, 3 - Math.floor(Math.log10(size)))));
  return text.includes(".") ? text.replace(/\.?0+$/, "") : text;
}

/** Return an interval of shares in percent. */
export function between(low, high) {
  return `${(100 * low).toFixed(1)} to ${(100 * high).toFixed(1)} %`;
}

/** Return a p-value. */
export function pValue(p) {
  return p < 0.001 ? "p < 0.001" : `p = ${Number(p.toPrecision(2))}`;
}
