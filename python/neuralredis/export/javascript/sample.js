const bits = x => (D[0] = x, B);
const dln = x => {
  let e = (bits(x)[1] >>> 20) - 1023, sum = 0;
  B[1] = B[1] & 0xfffff | 0x3ff00000;
  let m = D[0];
  if (m > Math.SQRT2) e++, m /= 2;
  const r = (m - 1) / (m + 1), q = r * r;
  for (let t = 11; t >= 0; t--) sum = sum * q + 1 / (2 * t + 1);
  return e * Math.LN2 + 2 * r * sum;
};
const dexp = x => {
  if (x < -100) return 0;
  const n = -Math.round(-x * Math.LOG2E), r = x - n * 0.6931471803691238 - n * 1.9082149292705877e-10;
  let sum = 1;
  for (let t = 13; t > 0; t--) sum = 1 + r * sum / t;
  B[0] = 0;
  B[1] = 1023 + n << 20;
  return sum * D[0];
};
const total = w => w.reduce((a, b) => a + b, 0);
const draw = (y, seen, o, next) => {
  let w = y.map(p => p >= 2 ** -126 && p < 1 / 0 ? p : 0);
  if (!w.some(p => p)) w[0] = 1;
  if (o.penalty === 1) seen = [];
  if (seen.length || o.temperature !== 1) {
    const sum = total(w), l = w.map((p, i) => {
      const z = p > 0 ? dln(p / sum) : -1 / 0;
      return seen.includes(i) && z > -1 / 0 ? Math.max(z * o.penalty, -Number.MAX_VALUE) : z;
    }), most = Math.max(...l);
    w = l.map((z, i) => o.temperature ? dexp((z - most) / o.temperature) : +(i === l.indexOf(most)));
  }
  if (o.topK !== undefined || o.topP < 1) {
    let order = w.map((_, i) => i).filter(i => w[i] > 0).sort((a, b) => w[b] - w[a] || a - b).slice(0, o.topK);
    const sum = total(order.map(i => w[i]));
    if (o.topP < 1) {
      let part = 0;
      const last = order.findIndex(i => (part += w[i]) >= o.topP * sum);
      if (last >= 0) order = order.slice(0, last + 1);
    }
    w = w.map((p, i) => order.includes(i) ? p : 0);
  }
  const least = o.minP * Math.max(...w);
  w = w.map(p => p < least ? 0 : p);
  const reached = (next() + .5) / 2 ** 24 * total(w);
  let sum = 0, drawn = 0;
  for (let i = 0; i < w.length; i++) {
    if (w[i] > 0) {
      sum += w[drawn = i];
      if (reached < sum) break;
    }
  }
  return drawn;
};
// Samples the next events, each by its probability after those before it. The sequence does not change.
Sequence.prototype.sample = function (count = 1, options = {}) {
  const o = { penalty: 1, temperature: 1, topP: 1, minP: 0, seed: Math.floor(Math.random() * 2 ** 53), ...options };
  const check = (name, ok, what) => ok || fail(`${name} is ${o[name]}: expected ${what}`), share = "a number from 0 to 1";
  count >= 1 && count <= 1000 && count % 1 === 0 || fail(`count is ${count}: expected an integer from 1 to 1000`);
  check("penalty", o.penalty > 0 && o.penalty < 1 / 0, "a finite number above 0");
  check("temperature", o.temperature >= 0 && o.temperature < 1 / 0, "a finite number of at least 0");
  check("topK", o.topK === undefined || o.topK >= 1 && o.topK % 1 === 0, "an integer of at least 1");
  check("topP", o.topP >= 0 && o.topP <= 1, share);
  check("minP", o.minP >= 0 && o.minP <= 1, share);
  check("until", o.until === undefined || M.classes.includes(o.until), M.classes.join(", "));
  const words = S.fields[S.next].words, made = new Sequence(), next = stream(u64(BigInt(o.seed)), 2 ** 41), drawn = [];
  const known = c => c >= 0 && c < M.answers, seen = this.events.map(e => words.indexOf(e[S.next])).filter(known);
  made.events = [...this.events];
  if (S.cell) made.state = structuredClone(this.state);
  while (drawn.length < count) {
    const c = draw(made.run(), seen, o, next);
    if (M.classes[c] === o.until) break;
    drawn.push(M.classes[c]);
    seen.push(c);
    made.push(none.map((v, i) => i === S.next ? words[c] : v));
  }
  return drawn;
};
