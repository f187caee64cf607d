const head = y => {
  const most = y.reduce((a, b) => a > b ? a : b), es = y.map(z => exp(f(z - most)));
  const sum = es.reduce((a, b) => f(a + b), 0);
  return es.map(e => e / sum);
};
