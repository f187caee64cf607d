import { ask, module, ready } from "./engine.js";
import { NeuralRedisError, OptionError, TrainingError, told } from "./errors.js";
import { show } from "./rows.js";

/** Milliseconds between two looks at what has been asked meanwhile: with a worker, and in a page's own thread, which draws between. */
const SLICE = 40;
const SHORT_SLICE = 8;

const KNOWN = ["max_cycles", "max_time", "autostop", "backtrack", "callback", "worker"];

/** Lets everything else that waits in this thread have its turn. */
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

/** Trains to the end, with a look at the world after each slice. `held` answers requests about the network. */
export async function slices(held, options, milliseconds, looked) {
  held({ do: "train", ...options });
  for (;;) {
    const { progress, report } = held({ do: "go", milliseconds });
    looked(progress);
    if (report) return report;
    await turn();
  }
}

/** A training that runs: how far it is, and its end. */
export class Training {
  /** How far it is: of the last look. */
  progress = { cycle: 0, train_error: null, test_error: null, class_errors: null, seconds: 0 };
  #stop;
  #give_up;
  #running = true;

  /** Starts one. The options are those of `Network.train`. */
  static _start(net, options) {
    const unknown = Object.keys(options).find((name) => !KNOWN.includes(name));
    if (unknown) throw new OptionError(`${unknown} is no option of a training: expected ${KNOWN.join(", ")}`);
    const { callback, worker = true, ...limits } = options;
    if (callback !== undefined && typeof callback !== "function") throw new OptionError(`callback is ${show(callback)}: expected a function`);
    if (net._running) throw new TrainingError("the network is being trained already: wait for the end, or stop it");
    const training = new Training();
    /** What the callback threw. */
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

  /** Whether it has not ended. */
  get running() {
    return this.#running;
  }

  /** Asks for an early end; what has been learnt so far is kept. */
  stop() {
    if (this.#running) this.#stop?.();
  }

  /** Ends it without a result. */
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
    // What the engine refuses is refused now, and costs no worker.
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
          if (message.error) reject(told(message.error));
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

/** A worker of Node or of a browser. */
async function began() {
  const failed = (reject) => (event) => {
    reject(new NeuralRedisError(`the worker has failed: ${event.message ?? "its file cannot be loaded"}`));
  };
  if (globalThis.process?.versions?.node) {
    const { Worker } = await import("node:worker_threads");
    // Options of the command line, such as --input-type, are for the program alone.
    const worker = new Worker(new URL("./worker.js", import.meta.url), { execArgv: [] });
    return {
      post: (message) => worker.postMessage(message),
      listen(hear, reject) {
        worker.on("message", hear);
        worker.on("error", failed(reject));
      },
      end: () => worker.terminate(),
    };
  }
  const worker = new Worker(new URL("./worker.js", import.meta.url), { type: "module" });
  return {
    post: (message) => worker.postMessage(message),
    listen(hear, reject) {
      worker.onmessage = ({ data }) => hear(data);
      worker.onerror = failed(reject);
    },
    end: () => worker.terminate(),
  };
}
