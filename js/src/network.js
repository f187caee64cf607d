import { ask, floats, freed, someSeed, whole } from "./engine.js";
import { KindError, OptionError, ShapeError } from "./errors.js";
import { isOne, json, matrix, objects, show, weights, withOutcome } from "./rows.js";
import { Training } from "./training.js";

/** Arguments of constructors that are not options of the engine. */
const DECLARATIONS = ["layout", "fields", "target", "hidden", "classes", "sequence", "length", "cell"];

/** Returns the request that creates a network, from a constructor's arguments. */
export function creation(kind, declared = {}) {
  if (typeof declared !== "object" || declared === null) throw new OptionError(`options are ${show(declared)}: expected an object`);
  if (Array.isArray(declared)) declared = { layout: declared };
  const request = { do: "create", kind, options: {} };
  for (const [name, value] of Object.entries(declared)) {
    if (value === undefined || value === null) continue;
    if (DECLARATIONS.includes(name)) request[name] = value;
    else request.options[name] = name === "seed" ? whole(value) : value;
  }
  if (request.fields !== undefined) {
    if (typeof request.fields !== "object") throw new OptionError(`fields is ${show(request.fields)}: expected an object of names and kinds`);
    request.fields = Object.entries(request.fields);
  }
  request.options.seed ??= whole(someSeed());
  return request;
}

/**
 * A small neural network that trains itself, and the rows that it learns from; like `neuralredis.Network` in Python. The same seed,
 * rows and calls give the same network there, bit for bit.
 */
export class Network {
  #number;
  #training;
  #shape;

  /**
   * Creates a network: `new Network("classifier", [9, 15, 2], { normalize: true })`, or with an object of options that has `fields`
   * and `target`.
   */
  constructor(kind, declared, options = {}) {
    if (kind === HELD) this.#number = declared;
    else this.#number = ask(creation(kind, Array.isArray(declared) ? { layout: declared, ...options } : declared)).network;
    freed.register(this, this.#number, this);
  }

  /** Sends the engine a request about this network. */
  _ask(request, data) {
    return ask({ ...request, network: this.#number }, data);
  }

  get _running() {
    return this.#training;
  }

  /** Returns a description of the network. */
  info() {
    const { fields, targets, classes, options, ...rest } = this._ask({ do: "info" });
    const named = { fields: fields && Object.fromEntries(fields), target: targets && (targets.length === 1 ? targets[0] : targets), classes };
    return { ...rest, ...options, restarts: options.ensemble, ...named, training: this.#training !== undefined };
  }

  /** The network's shape and threshold. Cached for networks without fields; with fields, classes may be added. */
  get _shape() {
    if (this.#shape) return this.#shape;
    const { type, layout, targets, classes, sequence, options } = this._ask({ do: "info" });
    const shape = { isClassifier: type === "classifier", layout, targets, classes, sequence, threshold: options.threshold };
    if (!targets) this.#shape = shape;
    return shape;
  }

  /** The report of the last training, or null. */
  get report() {
    return this._ask({ do: "report" });
  }

  /** Stores training or validation rows: either all, or, if an error is thrown, none. Returns the number of each. */
  observe(X, y, { into, weight } = {}) {
    const shape = this._shape;
    if (shape.targets) {
      const rows = known(X, y, shape.targets);
      return this._ask({ do: "observe_fields", into, weights: weights(weight, rows.length) }, json(rows));
    }
    const { rows, data } = numbers(X, y, shape);
    return this._ask({ do: "observe", into, rows, weights: weights(weight, rows) }, data);
  }

  /**
   * Returns the outputs. For rows by position: a Float32Array for one row, an array of these for many. For rows with fields: an
   * object of probabilities by class or of values by target, or the number of a single target; an array of these for many rows.
   */
  run(X) {
    const shape = this._shape;
    if (shape.targets) {
      const one = !Array.isArray(X);
      const answers = split(floats(this._ask({ do: "run_fields" }, json(objects(X)))), this.#names(shape).length);
      const named = answers.map((answer) => this.#named(answer, shape));
      return one ? named[0] : named;
    }
    const answers = this.#outputs(X, shape);
    return isOne(X, shape.layout[0]) ? answers[0] : answers;
  }

  /** Returns the most probable class, or by the threshold the second of two: its name, or, for rows by position, its number; for many rows an array. */
  classify(X) {
    const shape = this._shape;
    if (!shape.isClassifier) throw new KindError("the network is a regressor: only a classifier has classes");
    if (shape.targets) {
      const one = !Array.isArray(X);
      const answers = split(floats(this._ask({ do: "run_fields" }, json(objects(X)))), shape.classes.length);
      const found = answers.map((answer) => shape.classes[classOf(answer, shape)]);
      return one ? found[0] : found;
    }
    const found = this.#outputs(X, shape).map((answer) => classOf(answer, shape));
    return isOne(X, shape.layout[0]) ? found[0] : found;
  }

  #outputs(X, shape) {
    const { values } = matrix(X, shape.layout[0], "inputs");
    return split(floats(this._ask({ do: "run" }, values)), shape.layout.at(-1));
  }

  #names(shape) {
    return shape.isClassifier ? shape.classes : shape.targets;
  }

  #named(answer, shape) {
    if (!shape.isClassifier && shape.targets.length === 1) return answer[0];
    return Object.fromEntries(this.#names(shape).map((name, at) => [name, answer[at]]));
  }

  /** Measures the network's performance on a stored set, `"test"` or `"train"`, or on given rows, which are not stored. */
  evaluate(X = "test", y, { weight } = {}) {
    if (typeof X === "string") return this._ask({ do: "evaluate", set: X });
    const shape = this._shape;
    if (shape.targets) {
      const rows = known(X, y, shape.targets);
      return this._ask({ do: "evaluate_fields", weights: weights(weight, rows.length) }, json(rows));
    }
    const { rows, data } = numbers(X, y, shape);
    return this._ask({ do: "evaluate", rows, weights: weights(weight, rows) }, data);
  }

  /** Trains the network, and resolves to the report. */
  async train(options) {
    return this.startTraining(options).done;
  }

  /** Starts a training and returns it. It runs in a worker, unless `worker` is false; the network can be used meanwhile. */
  startTraining(options = {}) {
    const training = Training._start(this, options);
    this.#training = training;
    const ended = () => {
      if (this.#training === training) this.#training = undefined;
    };
    training.done.then(ended, ended);
    return training;
  }

  /** Replaces the weights by those of a trained copy, given as bytes. Rows stored meanwhile are kept. */
  _take(bytes) {
    this._ask({ do: "install" }, bytes);
  }

  /** Requests the current training, if there is one, to stop; what was learnt is kept. */
  stop() {
    this.#training?.stop();
  }

  /** Reinitializes the weights at random, and keeps the rows. A training in progress is cancelled. */
  reset() {
    this.#training?._cancel();
    this._ask({ do: "reset" });
  }

  /** Changes options: either all, or, if an error is thrown, none. */
  configure(options) {
    this._ask({ do: "configure", options, training: this.#training !== undefined });
    this.#shape = undefined;
  }

  /** Returns all weights and biases, member by member, in the engine's order. */
  weights() {
    return floats(this._ask({ do: "weights" }));
  }

  /** Returns the bytes of a `.nr` file, as written by `save` in Python. */
  toBytes() {
    return this._ask({ do: "save" });
  }

  /** Saves the network: in Node to a file, in a browser as a download. */
  async save(path) {
    const bytes = this.toBytes();
    if (globalThis.process?.versions?.node) {
      const { writeFile } = await import("node:fs/promises");
      await writeFile(path, bytes);
      return;
    }
    const link = document.createElement("a");
    link.href = URL.createObjectURL(new Blob([bytes], { type: "application/octet-stream" }));
    link.download = path;
    link.click();
    setTimeout(() => URL.revokeObjectURL(link.href), 60_000);
  }

  /** Returns the network saved in the bytes of a `.nr` file. */
  static fromBytes(bytes) {
    const view = ArrayBuffer.isView(bytes) ? bytes : new Uint8Array(bytes);
    return new this(HELD, ask({ do: "load" }, view).network);
  }

  /** Frees the engine's memory at once, rather than at garbage collection. The network cannot be used afterwards. */
  free() {
    this.#training?._cancel();
    freed.unregister(this);
    this.#shape = undefined;
    this._ask({ do: "drop" });
  }
}

/** Passed in place of a kind: the next argument is the number of an existing network of the engine. */
const HELD = Symbol("held");

/** Loads a saved network: from a path (Node only), a URL, bytes, or a File or Blob. */
export async function load(source) {
  const { SequenceNetwork } = await import("./sequences.js");
  let bytes = source;
  if (typeof source === "string" || source instanceof URL) {
    const isUrl = source instanceof URL || /^[a-z]+:\/\//i.test(source);
    if (globalThis.process?.versions?.node && (!isUrl || String(source).startsWith("file:"))) {
      const { readFile } = await import("node:fs/promises");
      bytes = await readFile(isUrl ? new URL(source) : source);
    } else {
      const response = await fetch(source);
      if (!response.ok) throw new Error(`${source} cannot be fetched: ${response.status} ${response.statusText}`);
      bytes = await response.arrayBuffer();
    }
  } else if (typeof source?.arrayBuffer === "function") {
    bytes = await source.arrayBuffer();
  }
  const net = Network.fromBytes(bytes);
  if (!net._shape.sequence) return net;
  net.free();
  return SequenceNetwork.fromBytes(bytes);
}

/** Returns rows of fields, with outcomes from `y` if it is given. */
function known(X, y, targets) {
  const one = !Array.isArray(X);
  const rows = objects(X);
  if (y === undefined) return rows;
  const outcomes = one ? [y] : Array.from(y);
  if (outcomes.length !== rows.length) throw new ShapeError(`${rows.length} rows, but ${outcomes.length} outcomes`);
  return rows.map((row, index) => withOutcome(row, outcomes[index], targets));
}

/** Returns one array with the inputs of all rows, followed by their outcomes. */
function numbers(X, y, { isClassifier, layout }) {
  const inputs = matrix(X, layout[0], "inputs");
  if (y === undefined) throw new ShapeError("y is missing: expected the classes or the outputs of the rows");
  const one = isOne(X, layout[0]);
  const width = isClassifier ? 1 : layout.at(-1);
  const given = one && !(Array.isArray(y) && y.length === 1 && typeof y[0] === "object") ? [typeof y === "number" || typeof y === "boolean" ? [y] : y] : y;
  const list = width === 1 && !one ? Array.from(given, (value) => (typeof value === "object" ? value : [value])) : given;
  const outputs = matrix(list, width, isClassifier ? "classes" : "outputs");
  if (outputs.rows !== inputs.rows) throw new ShapeError(`${inputs.rows} rows, but ${outputs.rows} outcomes`);
  const data = new Float32Array(inputs.values.length + outputs.values.length);
  data.set(inputs.values);
  data.set(outputs.values, inputs.values.length);
  return { rows: inputs.rows, data };
}

/** Splits outputs into rows of `width` numbers: views of one buffer, since allocating a buffer per row is slow. */
export function split(values, width) {
  return Array.from({ length: values.length / width }, (_, row) => values.subarray(row * width, (row + 1) * width));
}

/** Returns the class of outputs. */
function classOf(outputs, { threshold }) {
  return threshold === 0.5 ? largest(outputs) : Number(outputs[1] >= Math.fround(threshold));
}

/** Returns the index of the largest number, the first of equals. */
export function largest(values) {
  let best = 0;
  for (let at = 1; at < values.length; at++) if (values[at] > values[best]) best = at;
  return best;
}
