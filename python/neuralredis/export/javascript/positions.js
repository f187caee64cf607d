const run = row => {
  if (row.length !== M.computed) fail(`a row of ${row.length} inputs: expected ${M.computed}`);
  return answer(Float32Array.from(row, (v, i) => {
    const x = typeof v === "number" || typeof v === "boolean" ? f(v) : NaN;
    return x - x === 0 ? x : fail(`input ${i} is ${v}: expected a finite number`);
  }));
};
