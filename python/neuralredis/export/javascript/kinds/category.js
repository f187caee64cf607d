kinds.category = (d, find = finder(d)) => [
  "a word of at most 64 bytes", v => short(given(v)), (v, set, look) => look(find(v)),
];
