// What a cell holds: it is never given, and only set.
kinds.vector = { put: (x, v, d) => x.set(v, d.computed) };
