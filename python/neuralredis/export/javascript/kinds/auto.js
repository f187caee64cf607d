kinds.auto = (d, find = finder(d), place = placer(d)) => [
  "a number, or a word of at most 64 bytes",
  v => {
    const x = number(v);
    return x === undefined ? short(given(v)) : x;
  },
  (v, set, look) => typeof v === "string" ? look(find(v)) : set([v, place(v)]),
];
