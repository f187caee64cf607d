// The state of a cell, which no caller passes.
kinds.vector = { put: (x, v, d) => x.set(v, d.computed) };
