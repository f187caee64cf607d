kinds.category = {
  expected: "a word of at most 64 bytes",
  looked: 1,
  read: v => short(given(v)),
  put: (x, v, d, look) => look(known(d, v)),
};
