import { floats, someSeed, whole } from "./engine.js";
import { KindError, OptionError, ShapeError } from "./errors.js";
import { Network, largest } from "./network.js";
import { json, matrix, show, weights } from "./rows.js";

/**
 * A network that learns from sequences of events; like `neuralredis.SequenceNetwork` in Python. A sequence is a list of events:
 * objects of fields, values if events have a single field (such as the letters of a string), or lists of numbers.
 */
export class SequenceNetwork extends Network {
  constructor(kind, declared, options = {}) {
    if (typeof kind === "symbol") {
      super(kind, declared);
      return;
    }
    const given = Array.isArray(declared) ? { layout: declared, ...options } : declared;
    super(kind, { ...given, sequence: true });
  }

  /** Stores sequences, or appends events to the stored sequences with these `ids`. Returns the number of each set. */
  observe(X, y, { ids, into, weight } = {}) {
    const sequences = Array.from(X);
    let end = 0;
    const ends = sequences.map((sequence) => (end += eventsOf(sequence).length));
    const request = { do: "observe_events", ends, ids, into, outcomes: y && Array.from(y), weights: weights(weight, ends.length) };
    return this._ask(request, this.#data(sequences.flatMap(eventsOf)));
  }

  /**
   * Returns the outputs after a sequence, which is not stored: a Float32Array for events by position; with fields an object of
   * probabilities by class or of values by target, or the number of a single target.
   */
  run(X) {
    const { isClassifier, classes, targets, sequence } = this._shape;
    const answer = floats(this._ask({ do: "run_events" }, this.#data(eventsOf(X))));
    if (sequence.by_position) return answer;
    if (!isClassifier && targets.length === 1) return answer[0];
    return Object.fromEntries((isClassifier ? classes : targets).map((name, at) => [name, answer[at]]));
  }

  /** Returns the most probable class after a sequence. */
  classify(X) {
    const { isClassifier, classes, sequence } = this._shape;
    if (!isClassifier) throw new KindError("the network is a regressor: only a classifier has classes");
    const best = largest(floats(this._ask({ do: "run_events" }, this.#data(eventsOf(X)))));
    return sequence.by_position ? best : classes[best];
  }

  /** Measures the network's performance on a stored set, `"test"` or `"train"`. */
  evaluate(set = "test") {
    if (typeof set !== "string") throw new OptionError(`the set is ${show(set)}: expected "test" or "train"`);
    return this._ask({ do: "evaluate", set });
  }

  /** Samples the next events, each by its probability after those before it. */
  sample(X = [], { seed, ...options } = {}) {
    const known = ["count", "until", "temperature", "top_k", "top_p", "min_p", "penalty"];
    const unknown = Object.keys(options).find((name) => !known.includes(name));
    if (unknown) throw new OptionError(`${unknown} is not an option of sampling: expected ${known.join(", ")} or seed`);
    const request = { do: "sample", ...options, seed: whole(seed ?? someSeed()) };
    return this._ask(request, this.#data(eventsOf(X))).words;
  }

  /** Deletes a stored sequence; returns whether there was one. */
  forget(id) {
    return this._ask({ do: "forget", id: String(id) }).forgotten;
  }

  #data(events) {
    const { fields, sequence } = this._ask({ do: "info" });
    if (sequence.by_position) return matrix(events, Number(fields[0][1].split(" ")[1]), "inputs").values;
    if (events.length === 0) return "";
    const [[field]] = fields;
    return json(
      events.map((event, index) => {
        if (typeof event === "object" && event !== null && !Array.isArray(event)) return event;
        if (fields.length === 1) return { [field]: event };
        throw new ShapeError(`event ${index} is ${show(event)}: expected an object of ${fields.length} fields`);
      }),
    );
  }
}

/** Returns the events of a sequence: for a string its letters. */
function eventsOf(sequence) {
  return Array.from(sequence);
}
