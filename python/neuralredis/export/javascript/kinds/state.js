// The state of a cell, which is set but never parsed.
kinds.vector = { put: (x, v, d) => x.set(v, d.computed) };
