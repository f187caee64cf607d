kinds.tags = {
  expected: "a list of words of at most 64 bytes",
  looked: 2,
  read: v => {
    const words = listed(v) ?? (typeof v === "string" ? v.split(",") : [given(v)]);
    if (words.includes(null)) return;
    const all = words.map(trim).filter(w => w);
    return all.every(short) ? all.length ? all : null : undefined;
  },
  put: (x, v, d, look) => [...new Set(v.map(w => known(d, w)))].sort((a, b) => a - b).forEach(n => look(n)),
};
