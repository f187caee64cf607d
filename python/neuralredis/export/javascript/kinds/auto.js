kinds.auto = {
  expected: "a number, or a word of at most 64 bytes",
  read: v => number(v) ?? short(given(v)),
  put: (x, v, d, look) => typeof v === "string" ? look(known(d, v)) : x.set([v, place(d.knots, v)], d.computed),
};
