kinds.vector = d => [
  "a list of as many finite numbers as the field has",
  v => {
    if (v === "") return null;
    const x = (typeof v === "number" ? [v] : Array.isArray(v) || ArrayBuffer.isView(v) ? [...v] : []).map(number);
    return x.length === d.length && x.every(v => v != null) ? x : undefined;
  },
  (v, set) => set(v),
];
