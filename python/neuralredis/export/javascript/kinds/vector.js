kinds.vector = {
  expected: "a list of as many finite numbers as the field has",
  read: (v, { length }) => {
    const x = (typeof v === "number" ? [v] : Array.isArray(v) || ArrayBuffer.isView(v) ? [...v] : []).map(number);
    return x.length === length && !x.includes(undefined) ? x : undefined;
  },
  put: (x, v, d) => x.set(v, d.computed),
};
