import { ask, module, ready } from "./engine.js";
import { NeuralRedisError, OptionError, TrainingError, errorFrom } from "./errors.js";
import { show } from "./rows.js";

/** Milliseconds of training between two checks for messages: in a worker, and in a page's own thread, which also draws. */
const SLICE = 40;
const SHORT_SLICE = 8;

const KNOWN = ["max_cycles", "max_time", "autostop", "backtrack", "callback", "worker"];

/** Yields to other tasks that wait in this thread. */
export function turn() {
  return new Promise((resolve) => {
    const { port1, port2 } = new MessageChannel();
    port1.onmessage = () => {
      port1.close();
      resolve();
    };
    port2.postMessage(null);
  });
}

/** Trains in slices, reporting the progress and yielding after each. `held` sends requests about the network to the engine. */
export async function slices(held, options, milliseconds, looked) {
  held({ do: "train", ...options });
  for (;;) {
    const { progress, report } = held({ do: "go", milliseconds });
    looked(progress);
    if (report) return report;
    await turn();
  }
}

/** A training in progress. */
export class Training {
  /** The last reported progress. */
  progress = { cycle: 0, train_error: null, test_error: null, class_errors: null, seconds: 0 };
  #stop;
  #give_up;
  #running = true;

  /** Starts a training, with the options of `Network.train`. */
  static _start(net, options) {
    const unknown = Object.keys(options).find((name) => !KNOWN.includes(name));
    if (unknown) throw new OptionError(`${unknown} is not an option of training: expected ${KNOWN.join(", ")}`);
    const { callback, worker = true, ...limits } = options;
    if (callback !== undefined && typeof callback !== "function") throw new OptionError(`callback is ${show(callback)}: expected a function`);
    if (net._running) throw new TrainingError("the network is being trained already: wait for the end, or stop it");
    const training = new Training();
    /** The callback's exception, if it threw one. */
    let thrown;
    const look = (progress) => {
      training.progress = progress;
      try {
        if (callback?.(progress) === false) training.stop();
      } catch (error) {
        thrown ??= { error };
        training.stop();
      }
    };
    const run = worker ? training.#inWorker(net, limits, look) : training.#here(net, limits, look);
    training.done = run
      .then((report) => {
        if (thrown) throw thrown.error;
        return report;
      })
      .finally(() => {
        training.#running = false;
      });
    return training;
  }

  /** Whether the training is in progress. */
  get running() {
    return this.#running;
  }

  /** Requests the training to stop; what was learnt so far is kept. */
  stop() {
    if (this.#running) this.#stop?.();
  }

  /** Ends the training without a result. */
  _cancel() {
    if (this.#running) this.#give_up?.(new TrainingError("the training ended without a result: the network was reset or freed"));
  }

  async #here(net, limits, look) {
    this.#stop = () => net._ask({ do: "stop" });
    let given_up;
    this.#give_up = (error) => {
      given_up = error;
    };
    const held = (request) => {
      if (given_up) throw given_up;
      return net._ask(request);
    };
    return slices(held, limits, SHORT_SLICE, look);
  }

  async #inWorker(net, limits, look) {
    // Invalid options are rejected here, before a worker is started.
    net._ask({ do: "check", ...limits });
    const bytes = net.toBytes();
    let asked_to_stop = false;
    this.#stop = () => {
      asked_to_stop = true;
    };
    await ready();
    const worker = await began();
    try {
      return await new Promise((resolve, reject) => {
        this.#give_up = reject;
        this.#stop = () => worker.post({ stop: true });
        worker.listen((message) => {
          if (message.progress) look(message.progress);
          if (message.error) reject(errorFrom(message.error));
          if (message.bytes) {
            net._take(message.bytes);
            resolve(message.report);
          }
        }, reject);
        worker.post({ module: module(), bytes, limits, slice: SLICE });
        if (asked_to_stop) this.#stop();
      });
    } finally {
      worker.end();
    }
  }
}

/** Starts a worker, in Node or in a browser. */
async function began() {
  const failed = (reject) => (event) => {
    reject(new NeuralRedisError(`the worker failed: ${event.message ?? "its file cannot be loaded"}`));
  };
  if (globalThis.process?.versions?.node) {
    const { Worker } = await import("node:worker_threads");
    // The worker does not inherit Node's command-line options, such as --input-type.
    const worker = new Worker(new URL("./worker.js", import.meta.url), { execArgv: [] });
    return {
      post: (message) => worker.postMessage(message),
      listen(receive, reject) {
        worker.on("message", receive);
        worker.on("error", failed(reject));
      },
      end: () => worker.terminate(),
    };
  }
  const worker = new Worker(new URL("./worker.js", import.meta.url), { type: "module" });
  return {
    post: (message) => worker.postMessage(message),
    listen(receive, reject) {
      worker.onmessage = ({ data }) => receive(data);
      worker.onerror = failed(reject);
    },
    end: () => worker.terminate(),
  };
}
