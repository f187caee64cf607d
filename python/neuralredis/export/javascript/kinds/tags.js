kinds.tags = (d, find = finder(d)) => [
  "a list of words of at most 64 bytes",
  v => {
    const words = listed(v) ?? (typeof v === "string" ? v.split(",") : [given(v)]);
    if (words.includes(null)) return;
    const all = words.map(trim).filter(w => w);
    return all.every(short) ? all[0] ? all : null : undefined;
  },
  (v, set, look) => [...new Set(v.map(find))].sort((a, b) => a - b).forEach(n => look(n)),
];
