class Sequence {
  past = [];
  states = [];
  push(event) {
    // Once an event is dropped, the states are recomputed from those that remain.
    if (this.past.push(event) > S.length) this.past.shift(), this.states = [];
  }
  step(event) {
    this.push(read(event));
    return this.run();
  }
  run() { return levelled(seen(this.past, this.states), this.past); }
  classify() { return classOf(this.run()); }
  predict() { return named(this.run()); }
}
const sequence = (all = []) => {
  const made = new Sequence();
  for (const event of all) made.push(read(event));
  return made;
};
const run = all => sequence(all).run();
