kinds.number = {
  expected: "a finite number",
  read: number,
  put: (x, v, d) => x.set([v, place(d.knots, v)], d.computed),
};
