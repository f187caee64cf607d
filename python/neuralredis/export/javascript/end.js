const hex = y => y.map(v => (F[0] = v, J[0].toString(16).padStart(8, 0)));
// Recomputes the outputs of synthetic rows, and throws unless all bits are the same. Returns the number of rows.
const selfTest = () => {
  M.proof.forEach((p, i) => {
    const found = hex(run(p.row ?? p.events)).join();
    if (found !== p.answer.join()) fail(`row ${i} of the proof: ${found}, expected ${p.answer}`);
  });
  return M.proof.length;
};
