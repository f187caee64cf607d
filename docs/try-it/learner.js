// The worker in which the circles and the names are learnt, a few cycles at a time, so that each step can be seen. Titanic is
// learnt by the package's own worker: try-it.js.

import { Network, SequenceNetwork, ready } from "../js/src/index.js";

/** Random numbers of a seed (Mulberry32). */
function random(seed) {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let x = state;
    x = Math.imul(x ^ (x >>> 15), x | 1);
    x ^= x + Math.imul(x ^ (x >>> 7), x | 61);
    return ((x ^ (x >>> 14)) >>> 0) / 2 ** 32;
  };
}

/** Points around three circles, and which circle each is of: those of examples/circles.py. */
function circlePoints(rng, count) {
  const [rows, classes] = [[], []];
  for (let n = 0; n < count; n++) {
    const circle = Math.floor(3 * rng());
    const k = 2 * Math.PI * rng();
    if (circle === 0) rows.push([Math.sin(k) / 2 + rng() / 10, Math.cos(k) / 2 + rng() / 10]);
    else if (circle === 1) rows.push([Math.sin(k) / 3 - 0.5 + rng() / 30, Math.cos(k) / 3 + rng() / 40]);
    else rows.push([Math.sin(k) / 3 + 0.4 + rng() / 8, Math.cos(k) / 4 + 0.4 + rng() / 6]);
    classes.push(circle);
  }
  return { rows, classes };
}

/** Places of the plane that are asked about, in each direction. */
const SIDE = 96;
const GRID = Array.from({ length: SIDE * SIDE }, (_, at) => [
  -1 + (2 * ((at % SIDE) + 0.5)) / SIDE,
  1 - (2 * (Math.floor(at / SIDE) + 0.5)) / SIDE,
]);
const CIRCLE_CYCLES = 150;

let stopped = false;
let net;

/** Lets messages come in. */
const pause = () => new Promise((resolve) => setTimeout(resolve));

function points({ seed }) {
  const rng = random(seed);
  return { known: circlePoints(rng, 1000), fresh: circlePoints(rng, 1000) };
}

async function circles(message) {
  const { known, fresh } = points(message);
  net?.free();
  net = new Network("classifier", [2, 30, 30, 30, 3], { normalize: true, ensemble: 1, dataset: 1000, test: 0, seed: message.seed });
  net.observe(known.rows, known.classes);
  let seconds = 0;
  for (let cycles = 0; cycles < CIRCLE_CYCLES && !stopped; ) {
    const step = cycles < 20 ? 1 : cycles < 60 ? 2 : 5;
    seconds += (await net.train({ max_cycles: step, max_time: 0, worker: false })).seconds;
    cycles += step;
    const wrong = 1 - net.evaluate(fresh.rows, fresh.classes).accuracy;
    const plane = Float32Array.from(net.run(GRID).flatMap((answer) => [...answer]));
    postMessage({ plane, side: SIDE, cycles, wrong, seconds });
    await pause();
  }
}

const NAME_CYCLES = 25;

async function names({ known, fresh, seed }) {
  net?.free();
  net = new SequenceNetwork("classifier", {
    fields: { letter: "category" },
    target: "letter",
    // GRU cells would begin Adam again in each training of one cycle.
    cell: "reservoir",
    length: 16,
    hidden: [50],
    algorithm: "adam",
    ensemble: 1,
    dataset: 10_000,
    test: 1000,
    seed,
  });
  net.observe(known.map((name) => `${name}.`), undefined, { into: "train" });
  net.observe(fresh.map((name) => `${name}.`), undefined, { into: "test" });
  let seconds = 0;
  for (let cycles = 1; cycles <= NAME_CYCLES && !stopped; cycles++) {
    seconds += (await net.train({ max_cycles: 1, max_time: 0, worker: false })).seconds;
    postMessage({ cycles, seconds, nats: net.evaluate().error });
    await pause();
  }
}

function sample({ seed, temperature, start, count }) {
  const words = Array.from({ length: count }, (_, n) => {
    const made = net.sample(start, { count: 16, until: ".", temperature, seed: seed + n });
    return start + made.join("");
  });
  postMessage({ words });
}

const DONE = { circles, names };

onmessage = async ({ data }) => {
  if (data.do === "stop") {
    stopped = true;
    return;
  }
  try {
    await ready();
    if (data.do === "points") postMessage({ points: points(data).known });
    else if (data.do === "sample") sample(data);
    else {
      stopped = false;
      await DONE[data.do](data);
      postMessage({ done: true });
    }
  } catch (error) {
    postMessage({ fault: error.message });
  }
};
