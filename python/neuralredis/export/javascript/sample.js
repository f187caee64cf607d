// Logarithm of a number from 0 to 1, and exponential of a number up to 0, in double precision.
const dln = x => {
  let e = 0, sum = 0;
  for (; x <= Math.SQRT1_2; x *= 2) e--;
  const r = (x - 1) / (x + 1), q = r * r;
  for (let t = 23; t > 0; t -= 2) sum = sum * q + 1 / t;
  return e * Math.LN2 + 2 * r * sum;
};
const dexp = x => {
  if (x < -100) return 0;
  let n = Math.round(-x * Math.LOG2E), sum = 1;
  const r = x + n * 0.6931471803691238 + n * 1.9082149292705877e-10;
  for (let t = 13; t > 0; t--) sum = 1 + r * sum / t;
  while (n--) sum /= 2;
  return sum;
};
const total = w => w.reduce((a, b) => a + b, 0);
// Samples the next events, each by its probability after those before it. The sequence does not change.
Sequence.prototype.sample = function (count = 1, {
  penalty = 1, temperature = 1, topK, topP = 1, minP = 0, until, seed = Math.floor(Math.random() * 2 ** 53),
} = {}) {
  const names = M.classes, words = S.fields[S.next].words, made = new Sequence(), drawn = [];
  const check = (name, value, ok, what) => ok || fail(`${name} is ${value}: expected ${what}`);
  const share = "a number from 0 to 1";
  check("count", count, count >= 1 && count <= 1000 && count % 1 === 0, "an integer from 1 to 1000");
  check("penalty", penalty, penalty > 0 && penalty < 1 / 0, "a finite number above 0");
  check("temperature", temperature, temperature >= 0 && temperature < 1 / 0, "a finite number of at least 0");
  check("topK", topK, topK === undefined || topK >= 1 && topK % 1 === 0, "an integer of at least 1");
  check("topP", topP, topP >= 0 && topP <= 1, share);
  check("minP", minP, minP >= 0 && minP <= 1, share);
  check("until", until, until === undefined || names.includes(until), names.join(", "));
  const next = stream(u64(BigInt(seed)), 2 ** 41);
  const seen = this.past.map(e => words.indexOf(e[S.next])).filter(c => c >= 0 && c < M.answers);
  const draw = y => {
    let w = y.map(p => p >= 2 ** -126 && p < 1 / 0 ? p : 0), sum = total(w), c = 0;
    if (!sum) sum = w[0] = 1;
    if (penalty !== 1 && seen.length || temperature !== 1) {
      const power = i => seen.includes(i) ? penalty : 1;
      const l = w.map((p, i) => p ? Math.max(dln(p / sum) * power(i), -Number.MAX_VALUE) : -1 / 0);
      const most = Math.max(...l);
      w = l.map((z, i) => temperature ? dexp((z - most) / temperature) : +(i === l.indexOf(most)));
    }
    const order = w.map((_, i) => i).filter(i => w[i]).sort((a, b) => w[b] - w[a] || a - b).slice(0, topK);
    const kept = w.map(() => 0), limit = topP < 1 ? topP * total(order.map(i => w[i])) : 1 / 0;
    sum = 0;
    order.every(i => (sum += kept[i] = w[i]) < limit);
    const least = minP * Math.max(...kept);
    w = kept.map(p => p < least ? 0 : p);
    const reached = (next() + .5) / 2 ** 24 * total(w);
    sum = 0;
    for (let i = 0; i < w.length && !(reached < sum); i++) if (w[i]) sum += w[c = i];
    return c;
  };
  made.past = [...this.past];
  while (drawn.length < count) {
    const c = draw(made.run());
    if (names[c] === until) break;
    drawn.push(names[c]);
    seen.push(c);
    made.push(S.fields.map((_, i) => i === S.next ? words[c] : null));
  }
  return drawn;
};
