const TANH = singles(-0.0057049864, 0.020639086, -0.053739715, 0.13331442, -0.3333328);
const tanh = x => {
  const a = x > 0 - x ? x : 0 - x, q = f(x * x);
  if (a > 0.625) {
    const y = f(1 - f(2 / f(exp(f(a + a)) + 1)));
    return x > 0 ? y : 0 - y;
  }
  return fma(f(q * x), chain(q, TANH), x);
};
