import { ask, floats, freed, someSeed, whole } from "./engine.js";
import { KindError, OptionError, ShapeError } from "./errors.js";
import { isOne, json, matrix, objects, show, weights, withOutcome } from "./rows.js";
import { Training } from "./training.js";

/** What is not an option of the engine's table. */
const DECLARATIONS = ["layout", "fields", "target", "hidden", "classes", "sequence", "length", "cell"];

/** The request that makes a network, of what a constructor is given. */
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
 * A small neural network that trains itself, with the rows that it learns from: as `neuralredis.Network` of the Python package.
 * The same seed, rows and calls give the same network there, bit for bit.
 */
export class Network {
  #number;
  #training;
  #shape;

  /** `new Network("classifier", [9, 15, 2], { normalize: true })`, or with fields and a target among the options. */
  constructor(kind, declared, options = {}) {
    if (kind === HELD) this.#number = declared;
    else this.#number = ask(creation(kind, Array.isArray(declared) ? { layout: declared, ...options } : declared)).network;
    freed.register(this, this.#number, this);
  }

  /** Asks the engine about this network. */
  _ask(request, data) {
    return ask({ ...request, network: this.#number }, data);
  }

  get _running() {
    return this.#training;
  }

  /** What the network tells of itself. */
  info() {
    const { fields, targets, classes, options, ...told } = this._ask({ do: "info" });
    const named = { fields: fields && Object.fromEntries(fields), target: targets && (targets.length === 1 ? targets[0] : targets), classes };
    return { ...told, ...options, ...named, training: this.#training !== undefined };
  }

  /** Its shape, which does not change while rows come by position. With fields, classes may be added. The threshold comes along. */
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

  /** Stores rows to learn from and to test on: all of them or, with an error, none. */
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
   * What the network answers. By position: a Float32Array for one row, an array of such for many. By fields: for one row the
   * probability of each class by its name, or the number of a regressor; for many an array of these.
   */
  run(X) {
    const shape = this._shape;
    if (shape.targets) {
      const one = !Array.isArray(X);
      const answers = split(floats(this._ask({ do: "run_fields" }, json(objects(X)))), this.#names(shape).length);
      const told = answers.map((answer) => this.#told(answer, shape));
      return one ? told[0] : told;
    }
    const answers = this.#outputs(X, shape);
    return isOne(X, shape.layout[0]) ? answers[0] : answers;
  }

  /** The likeliest class, or by the threshold the second of two: its name, or its number where rows are numbers by position; of many rows an array. */
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

  #told(answer, shape) {
    if (!shape.isClassifier && shape.targets.length === 1) return answer[0];
    return Object.fromEntries(this.#names(shape).map((name, at) => [name, answer[at]]));
  }

  /** How well the network does: on a stored set, `"test"` or `"train"`, or on rows that are not kept. */
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

  /** Trains to the end, and resolves to the report. */
  async train(options) {
    return this.startTraining(options).done;
  }

  /** Starts a training and returns it. It runs in a worker, unless `worker` is false; this network answers meanwhile. */
  startTraining(options = {}) {
    const training = Training._start(this, options);
    this.#training = training;
    const ended = () => {
      if (this.#training === training) this.#training = undefined;
    };
    training.done.then(ended, ended);
    return training;
  }

  /** Takes what a training has made of a copy of it, of which these are the bytes. Rows that have come meanwhile stay. */
  _take(bytes) {
    this._ask({ do: "install" }, bytes);
  }

  /** Asks the training that runs, if there is one, to end; what has been learnt is kept. */
  stop() {
    this.#training?.stop();
  }

  /** New random weights; the rows stay. A training that runs is given up. */
  reset() {
    this.#training?._cancel();
    this._ask({ do: "reset" });
  }

  /** Changes options, all or none. */
  configure(options) {
    this._ask({ do: "configure", options, training: this.#training !== undefined });
    this.#shape = undefined;
  }

  /** All weights and biases, member after member, in the order of the engine. */
  weights() {
    return floats(this._ask({ do: "weights" }));
  }

  /** The bytes of a `.nr` file, as Python's `save` writes it. */
  toBytes() {
    return this._ask({ do: "save" });
  }

  /** Saves the network: in Node as a file of that name, in a browser as a download. */
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

  /** A network that was saved, of the bytes of its file. */
  static fromBytes(bytes) {
    const view = ArrayBuffer.isView(bytes) ? bytes : new Uint8Array(bytes);
    return new this(HELD, ask({ do: "load" }, view).network);
  }

  /** Gives its memory back at once, rather than when it is collected. It answers nothing any more. */
  free() {
    this.#training?._cancel();
    freed.unregister(this);
    this.#shape = undefined;
    this._ask({ do: "drop" });
  }
}

/** Instead of a kind: what follows is the number of a network that the engine holds already. */
const HELD = Symbol("held");

/** Loads a network: from a path in Node, from a URL, from bytes, or from a File or Blob that a person has chosen. */
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

/** Rows of fields with their outcomes. */
function known(X, y, targets) {
  const one = !Array.isArray(X);
  const rows = objects(X);
  if (y === undefined) return rows;
  const outcomes = one ? [y] : Array.from(y);
  if (outcomes.length !== rows.length) throw new ShapeError(`${rows.length} rows, but ${outcomes.length} outcomes`);
  return rows.map((row, index) => withOutcome(row, outcomes[index], targets));
}

/** Inputs of all rows, then what they came to. */
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

/** Answers of so many numbers each: views of one buffer, since a buffer for each would take longer than the answers. */
export function split(values, width) {
  return Array.from({ length: values.length / width }, (_, row) => values.subarray(row * width, (row + 1) * width));
}

/** The class that outputs stand for. */
function classOf(outputs, { threshold }) {
  return threshold === 0.5 ? largest(outputs) : Number(outputs[1] >= Math.fround(threshold));
}

/** The place of the largest number, the first of equals. */
export function largest(values) {
  let best = 0;
  for (let at = 1; at < values.length; at++) if (values[at] > values[best]) best = at;
  return best;
}
