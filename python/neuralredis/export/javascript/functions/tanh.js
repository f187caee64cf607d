const TANH = singles(-0.0057049864, 0.020639086, -0.053739715, 0.13331442, -0.3333328);
const tanh = x => {
  const a = Math.abs(x), q = f(x * x);
  if (a > 0.625) return Math.sign(x) * f(1 - f(2 / f(exp(f(a + a)) + 1)));
  return fma(f(q * x), chain(q, TANH), x);
};
