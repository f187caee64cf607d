// Start and stop a training, if the dashboard may write; both need a confirmation.

import { el, named } from "./dom.js";
import { count, seconds } from "./format.js";

function confirmed(name, what, ask, fields, act) {
  const trouble = el("p", { class: "trouble", role: "alert" });
  const dialog = el(
    "dialog",
    { "aria-labelledby": "dialog-title" },
    el(
      "form",
      {
        method: "dialog",
        on: {
          async submit(event) {
            event.preventDefault();
            try {
              await act();
              dialog.close();
            } catch (error) {
              trouble.textContent = error.message;
            }
          },
        },
      },
      el("h2", { id: "dialog-title" }, what, " ", named(name), "?"),
      el("p", {}, ask),
      fields,
      trouble,
      el(
        "div",
        { class: "buttons" },
        el("button", { type: "button", on: { click: () => dialog.close() } }, "Cancel"),
        el("button", { type: "submit", class: "main" }, what),
      ),
    ),
  );
  dialog.addEventListener("close", () => dialog.remove());
  document.body.append(dialog);
  dialog.showModal();
}

function train(network, act) {
  const time = el(
    "input",
    { id: "train-seconds", type: "number", min: "1", max: "3600", value: "10", required: true },
  );
  const stop = el(
    "input",
    { id: "train-autostop", type: "checkbox", checked: network.test > 0, disabled: network.test === 0 },
  );
  confirmed(
    network.name,
    "Train",
    "The training continues from the current weights. When it ends, all clients of this network get new predictions.",
    [
      el("div", { class: "control" }, el("label", { for: "train-seconds" }, "time limit in seconds"), time),
      el(
        "label",
        { class: "check" },
        stop,
        network.test
          ? "early stopping: stop when the validation error no longer falls, and keep the best weights"
          : "early stopping needs validation rows, and there are none",
      ),
    ],
    () => act({ seconds: Number(time.value), autostop: stop.checked }),
  );
}

/** The progress of a training. */
export function progress({ running, training }) {
  if (running) {
    const share = Math.max(
      running.max_time ? running.seconds / running.max_time : 0,
      running.max_cycles ? running.cycle / running.max_cycles : 0,
    );
    const limits = [
      running.max_cycles ? `${count(running.max_cycles)} cycles` : "",
      running.max_time ? seconds(running.max_time) : "",
    ].filter(Boolean);
    const most = limits.length ? `, at most ${limits.join(" or ")}` : "";
    return [
      el(
        "progress",
        { max: "1", value: running.queued || !share ? null : String(Math.min(share, 1)), "aria-label": "Training" },
      ),
      el(
        "span",
        {},
        running.queued
          ? "queued: waiting for other trainings"
          : `training: cycle ${count(running.cycle)}, ${seconds(running.seconds)}${most}`,
      ),
    ];
  }
  return training ? [el("span", {}, "training")] : [];
}

/** The action that is possible: "stop", "train", or none. */
export function possible(network) {
  if (!network.write) return "";
  if (network.running || network.training) return "stop";
  return network.train > 0 ? "train" : "";
}

/** The buttons for the possible action. */
export function buttons(network, acts) {
  switch (possible(network)) {
    case "stop":
      return [
        el(
          "button",
          {
            type: "button",
            on: { click: () => confirmed(network.name, "Stop", "The progress so far is kept.", [], acts.stop) },
          },
          "Stop…",
        ),
      ];
    case "train":
      return [el("button", { type: "button", on: { click: () => train(network, acts.train) } }, "Train…")];
    default:
      return [];
  }
}
