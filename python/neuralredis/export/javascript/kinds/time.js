// Times: days and seconds of the day; sine and cosine of the time of day, of the week and of the year.
kinds.time = () => [
  "a Date, seconds since 1970, or a date such as 2026-11-25T18:30:00Z",
  v => {
    let s = typeof v === "string" ? parsed(v = trim(v)) : typeof v === "number" ? v : NaN;
    s = v instanceof Date ? v / 1000 : Math.abs(s) < 1e11 ? s : s / 1000;
    const [, date, h = 0, min = 0, sec = 0, part = "", sign, zh = 0, zm = 0] = typeof v === "string" && /^(\d{4}-\d\d-\d\d)(?:[t _]([01]\d|2[0-3]):([0-5]\d)(?::([0-5]\d)(?:[.,](\d{1,6})\d*)?)?(?:z|([+\-\u2212])(\d\d):?([0-5]\d))?)?$/i.exec(v) || [];
    const day = new Date(date), zone = zh * 3600 + zm * 60;
    // JavaScript converts an invalid date, such as February 30, to another one.
    if (day.toJSON()?.startsWith(date) && zone < 86400) {
      s = day / 1000 + h * 3600 + min * 60 + +sec - (sign === "+" ? zone : -zone) + +("0." + part);
    }
    const days = Math.floor(s / 86400);
    return s >= -62167219200 && s < 253402300800 ? [f(days), f(s - days * 86400)] : undefined;
  },
  ([days, seconds], set) => {
    const years = (days - 10957) / 365.2425;
    set([seconds / 86400, (days - 10959) / 7, years].flatMap(turns => {
      const turn = turns - Math.floor(turns), q = Math.round(turn * 4), t = (turn - q / 4) * 6.283185307179586;
      const series = (sum, from) => {
        for (let term = sum, at = from; at < from + 16; at += 2) sum += term *= -(t * t) / (at * (at + 1));
        return sum;
      };
      const s = series(t, 2), c = series(1, 1);
      return [[s, c], [c, -s], [-s, -c], [-c, s]][q % 4];
    }).concat(years));
  },
];
