// What tests/test_web.py has done in Node and in a browser: the same steps.

import { Network, SequenceNetwork, ready } from "../../js/src/index.js";

const FIELDS = { class: "category", sex: "category", age: "number", siblings: "number", parents: "number", fare: "number" };

/** The steps of examples/titanic.py. */
export async function titanic(passengers, { worker }) {
  await ready();
  const net = new Network("classifier", { fields: FIELDS, target: "survived", classes: ["0", "1"], dataset: 1000, test: 500, seed: 1 });
  const counts = net.observe(passengers.slice(0, 601));
  const seen = [];
  const report = await net.train({ autostop: true, backtrack: true, max_time: 0, worker, callback: (progress) => seen.push(progress.cycle) });
  const unseen = passengers.slice(601);
  return {
    counts,
    cycles: report.cycles,
    seconds: report.seconds,
    seen,
    accuracy: net.evaluate(unseen).accuracy,
    answers: unseen.map((row) => net.run(row)["1"]),
    classes: net.classify(unseen),
    bytes: [...net.toBytes()],
  };
}

/** Numbers by position; many trainers and options, by what the test asks for. */
export async function plain({ kind, layout, options, X, y, train, ask }) {
  await ready();
  const net = new Network(kind, layout, options);
  net.observe(X, y);
  await net.train({ ...train, worker: false });
  return { answers: net.run(ask).map((answer) => [...answer]), weights: [...net.weights()], bytes: [...net.toBytes()] };
}

/** Letters of names. */
export async function letters({ names, options, train, seed }) {
  await ready();
  const net = new SequenceNetwork("classifier", { fields: { letter: "category" }, target: "letter", ...options });
  net.observe(names);
  await net.train({ ...train, worker: false });
  const made = Array.from({ length: 5 }, (_, n) => net.sample("a", { count: 9, until: ".", temperature: 0.8, seed: seed + n }).join(""));
  return { made, next: net.run("an"), bytes: [...net.toBytes()] };
}
