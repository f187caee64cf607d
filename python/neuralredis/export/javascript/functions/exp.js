const EXP = singles(0.001381454, 0.008368745, 0.04166839, 0.16666521, 0.49999994);
const exp = x => {
  x = Math.max(clamp(x, f(88.3)), f(-87.3));
  const s = fma(x, f(1.44269504), 12583039), n = f(s - 12583039);
  const r = fma(n, f(2.1219444e-4), fma(n, f(-0.6933594), x));
  const y = f(1 + fma(f(r * r), chain(r, EXP), r));
  F[0] = s;
  J[0] <<= 23;
  return f(y * F[0]);
};
