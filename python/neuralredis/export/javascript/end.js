// Recomputes the outputs of synthetic rows, and throws unless all bits are the same. Returns the number of rows.
const selfTest = () => {
  M.proof.forEach(([given, answer], i) => {
    const found = run(given), expected = [...unpack(answer)];
    expected.every((v, u) => Object.is(v, found[u])) || fail(`row ${i} of the proof: ${found}, expected ${expected}`);
  });
  return M.proof.length;
};
