// The number of knots below a number, plus the fraction of the way to the next.
const place = (k, x) => {
  let p = 1;
  while (p < k.length - 1 && k[p] <= x) p++;
  const share = f(f(x - k[p - 1]) / f(k[p] - k[p - 1]));
  return f(p - 1 + (share > 0 ? share < 1 ? share : 1 : 0));
};
