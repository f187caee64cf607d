// The state of a cell, which no caller passes.
kinds.vector = () => [, , (v, set) => set(v)];
