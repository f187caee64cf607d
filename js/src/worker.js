// A worker that trains one network: it receives the network's bytes, posts the progress, and posts the trained network's bytes.

import { ask, ready } from "./engine.js";
import { toMessage } from "./errors.js";
import { slices } from "./training.js";

let network;

async function receive(message, post) {
  if (message.stop) {
    // Messages arrive in order, but while the network is still being loaded there is no training to stop.
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
    post({ error: toMessage(error) });
  }
}

let begin;
const begun = new Promise((resolve) => {
  begin = resolve;
});

if (globalThis.process?.versions?.node) {
  const { parentPort } = await import("node:worker_threads");
  parentPort.on("message", (message) => receive(message, (reply) => parentPort.postMessage(reply)));
} else {
  self.onmessage = ({ data }) => receive(data, (reply) => self.postMessage(reply));
}
