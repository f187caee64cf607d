// Times: days and seconds of the day; sine and cosine of the time of day, of the week and of the year.
understand.time = v => {
  let s = v instanceof Date ? v / 1000 : typeof v === "number" ? v : NaN;
  const ms = x => Math.abs(x) < 1e11 ? x : x / 1000;
  if (typeof v === "number") s = ms(s);
  if (typeof v === "string") {
    v = trim(v);
    const m = /^(\d{4}-\d\d-\d\d)(?:[Tt _]([01]\d|2[0-3]):([0-5]\d)(?::([0-5]\d)(?:[.,](\d{1,6})\d*)?)?(?:[Zz]|([+\-\u2212])(\d\d):?([0-5]\d))?)?$/.exec(v);
    if (NUMBER.test(v)) s = ms(+v);
    else if (m) {
      const [, date, h = 0, min = 0, sec = 0, part = "", sign, zh = 0, zm = 0] = m, day = new Date(date + "T00:00Z");
      const zone = zh * 3600 + zm * 60;
      if (!isNaN(day) && day.toISOString().startsWith(date) && zone < 86400) {
        s = day / 1000 + h * 3600 + min * 60 + +sec - (sign === "+" ? zone : -zone) + part.padEnd(6, 0) / 1e6;
      }
    }
  }
  const days = Math.floor(s / 86400);
  return s >= -62167219200 && s < 253402300800 ? [f(days), f(s - days * 86400)] : undefined;
};
const parts = ([days, seconds]) => {
  const years = (days - 10957) / 365.2425;
  return [...[seconds / 86400, (days - 10959) / 7, years].flatMap(turns => {
    const turn = turns - Math.floor(turns), q = Math.round(turn * 4), x = (turn - q / 4) * 6.283185307179586;
    const series = (first, from) => {
      let sum = first, term = first;
      for (let step = 0; step < 8; step++) {
        const at = from + 2 * step;
        sum += term *= -(x * x) / (at * (at + 1));
      }
      return sum;
    };
    const s = series(x, 2), c = series(1, 1);
    return [[s, c], [c, -s], [-s, -c], [-c, s]][q % 4];
  }), years];
};
