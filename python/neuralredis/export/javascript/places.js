// A function that returns the place of a number: how many knots are below it, plus the fraction of the way to the next.
const placer = ({ knots }) => {
  const k = unpack(knots);
  return x => {
    let p = 1;
    while (p < k.length - 1 && k[p] <= x) p++;
    return f(p - 1 + Math.max(0, clamp(f(f(x - k[p - 1]) / f(k[p] - k[p - 1])), 1)));
  };
};
