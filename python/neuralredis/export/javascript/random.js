const GAMMA = 0x9e3779b97f4a7c15n;
const mix = z => {
  z = u64((z ^ z >> 30n) * 0xbf58476d1ce4e5b9n);
  z = u64((z ^ z >> 27n) * 0x94d049bb133111ebn);
  return z ^ z >> 31n;
};
// A stream of SplitMix64, 24 random bits per call.
const stream = (seed, number) => {
  let state = mix(BigInt(seed) ^ mix(u64(BigInt(number) + GAMMA)));
  return () => Number(mix(state = u64(state + GAMMA)) >> 40n);
};
