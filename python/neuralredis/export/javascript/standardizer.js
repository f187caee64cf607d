// A function that standardizes inputs, of which NaN is a gap; gaps become the mean, 0.
const standardizer = (scaling, limit) => {
  const means = unpack(scaling.mean), scales = unpack(scaling.scale);
  return x => x.map((v, i) => v === v ? clamp(clamp(f(v - means[i]), FLT_MAX) * scales[i], limit) : 0);
};
