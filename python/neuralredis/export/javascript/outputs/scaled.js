const levels = unpack(M.output_scaling.mean), scales = unpack(M.output_scaling.scale);
const unscaled = y => y.map((v, i) => scales[i] ? clamp(f(v / scales[i]) + levels[i], FLT_MAX) : levels[i]);
