// Format numbers and values.

const MINUS = "\u2212";

/** An integer with a comma between groups of three digits. */
export function count(number) {
  return number.toLocaleString("en-GB");
}

/** A count with its noun in singular or plural. */
export function counted(number, one, many = one + "s") {
  return `${count(number)} ${number === 1 ? one : many}`;
}

/** A number with a few significant digits. */
export function plain(number, digits = 4) {
  if (number === null || number === undefined) return "–";
  if (number === 0) return "0";
  const size = Math.abs(number);
  const text =
    size >= 1e9 || size < 1e-4
      ? number.toExponential(Math.min(digits, 3) - 1).replace(/\.?0+e/, "e")
      : Number(number.toPrecision(digits)).toLocaleString("en-GB", { maximumFractionDigits: 12 });
  return text.replace("-", MINUS);
}

/** A number with its sign. */
export function signed(number) {
  return (number > 0 ? "+" : "") + plain(number, 3);
}

/** A share, 0 to 1, in percent. */
export function percent(share) {
  const value = share * 100;
  const near = (value > 0 && value < 0.1) || (value < 100 && value > 99.9);
  return `${value.toFixed(near ? 2 : 1)} %`;
}

/** A number of bytes as kB or MB. */
export function bytes(number) {
  return number < 1e6 ? `${plain(number / 1e3, 3)} kB` : `${plain(number / 1e6, 3)} MB`;
}

/** A duration in seconds, minutes or hours. */
export function seconds(number) {
  if (number < 60) return `${number.toFixed(1)} s`;
  const minutes = Math.floor(number / 60);
  return minutes < 60
    ? `${minutes} min ${Math.floor(number % 60)} s`
    : `${Math.floor(minutes / 60)} h ${minutes % 60} min`;
}

/** A value of a row, by its field's kind. */
export function value(of, kind = "") {
  if (of === null || of === undefined) return "unknown";
  if (of === true) return "yes";
  if (of === false) return "no";
  if (Array.isArray(of)) return kind === "vector" && of.length > 4
    ? counted(of.length, "number")
    : of.map((one) => value(one)).join(", ") || "none";
  if (typeof of === "number") return plain(of, 6);
  if (kind === "time") return moment(of);
  return of;
}

/** A time in UTC, from ISO 8601 or seconds since 1970. */
export function moment(of) {
  const date = new Date(typeof of === "number" ? of * 1000 : of);
  if (Number.isNaN(date.getTime())) return String(of);
  const text = date.toISOString().slice(0, 16).replace("T", " ");
  return text.endsWith(" 00:00") ? text.slice(0, 10) : text;
}
