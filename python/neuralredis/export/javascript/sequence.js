const events = ready(S.fields), fields = ready(M.fields.map(d => ({ ...S.fields[d.event_field], ...d }))), none = events.map(() => null);
// Of one field, an event may be the value alone, which may be a list or a Date.
const isRow = e => typeof e === "object" && e !== null && !e[Symbol.iterator] && !(e instanceof Date);
const read = event => S.by_position ? [understood(events[0], event)]
  : values(events, events.length > 1 || isRow(event) ? event : { [events[0].name]: event });
class Sequence {
  constructor() {
    this.events = [];
    this.state = S.cell && begin();
  }
  push(event) {
    this.events.push(event);
    const old = this.events.length > S.length;
    if (old) this.events.shift();
    if (!S.cell) return;
    // Once an event is dropped, the state is recomputed from those that remain.
    if (old) this.state = begin();
    for (const heard of old ? this.events : [event]) hear(this.state, heard);
  }
  step(event) {
    this.push(read(event));
    return this.run();
  }
  run() {
    const last = S.series ? this.events.at(-1)?.[S.next] ?? null : null;
    const seen = [];
    for (let lag = 0; lag < S.window; lag++) {
      (this.events.at(-1 - lag) ?? none).forEach((v, i) =>
        seen.push(S.series && lag && i === S.next ? v === null || last === null ? null : clamp(f(v - last), FLT_MAX) : v));
    }
    if (S.cell) seen.push(held(this.state));
    const y = of(fields, seen);
    return S.series ? [f(y[0] + (last ?? 0))] : y;
  }
  classify() { return classOf(this.run()); }
  predict() { return named(this.run()); }
}
const sequence = (all = []) => {
  const made = new Sequence();
  for (const event of all) made.push(read(event));
  return made;
};
const run = all => sequence(all).run();
