const outs = scaling(M.output_scaling);
const unscaled = y => y.map((v, i) => outs.s[i] ? clamp(f(f(v / outs.s[i]) + outs.m[i]), FLT_MAX) : outs.m[i]);
