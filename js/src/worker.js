// A worker that trains one network: it gets its bytes, tells how far it is, and sends the bytes of what it has become.

import { ask, ready } from "./engine.js";
import { telling } from "./errors.js";
import { slices } from "./training.js";

let network;

async function hear(message, post) {
  if (message.stop) {
    // Messages come in their order, but a network that is being read has no training yet.
    await begun;
    if (network) ask({ do: "stop", network });
    return;
  }
  try {
    await ready(message.module);
    network = ask({ do: "load" }, message.bytes).network;
    const held = (request) => ask({ ...request, network });
    const training = slices(held, message.limits, message.slice, (progress) => post({ progress }));
    begin();
    const report = await training;
    post({ report, bytes: held({ do: "save" }) });
  } catch (error) {
    begin();
    post({ error: telling(error) });
  }
}

let begin;
const begun = new Promise((resolve) => {
  begin = resolve;
});

if (globalThis.process?.versions?.node) {
  const { parentPort } = await import("node:worker_threads");
  parentPort.on("message", (message) => hear(message, (reply) => parentPort.postMessage(reply)));
} else {
  self.onmessage = ({ data }) => hear(data, (reply) => self.postMessage(reply));
}
