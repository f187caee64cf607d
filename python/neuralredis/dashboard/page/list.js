// The list of networks, each with its error beside that of a baseline.

import { bar } from "./chart.js";
import { el, named, unseen } from "./dom.js";
import { count, counted, percent, plain, seconds } from "./format.js";

/** Networks from which on a list can be filtered. */
const MANY = 8;

function error(quality) {
  if (quality === null) return el("span", { class: "note" }, "…");
  if (quality.missing) return el("span", { class: "note" }, quality.missing);
  const wrong = quality.measure === "wrong";
  const text = wrong ? percent : (number) => plain(number, 3);
  const most = wrong ? 1 : Math.max(quality.wrong, quality.baseline) || 1;
  return el(
    "span",
    { class: "beside" },
    el("span", { class: "number" }, el("strong", {}, text(quality.wrong)), wrong ? " wrong" : " RMSE"),
    bar(quality.wrong / most),
    el("span", { class: "number" }, text(quality.baseline), " baseline"),
    bar(quality.baseline / most, "muted"),
  );
}

function state(network) {
  const { running } = network;
  if (running === null || running === undefined) {
    if (network.training) return "trains";
    return network.cycles ? `trained, ${counted(network.cycles, "cycle")}` : "not trained";
  }
  if (running.queued) return "waits to be trained";
  return [el("strong", {}, "trains"), `, cycle ${count(running.cycle)}, ${seconds(running.seconds)}`];
}

function row(network) {
  const link = el("a", { href: `#/n/${network.key}` }, named(network.name));
  if (network.error) return el(
    "tr",
    {},
    el("th", { scope: "row" }, link),
    el("td", { colspan: "4", class: "trouble" }, network.error),
  );
  return el(
    "tr",
    {},
    el("th", { scope: "row" }, link),
    el("td", {}, network.title),
    el(
      "td",
      { class: "number" },
      count(network.train),
      unseen(" to learn from, "),
      el("span", { "aria-hidden": "true" }, " + "),
      count(network.test),
      unseen(" to test with"),
    ),
    el("td", {}, error(network.quality)),
    el("td", {}, state(network)),
  );
}

/** What is shown of the list, those that have a text in their names. */
export function list(told, filter) {
  const shown = told.networks.filter((network) => network.name.toLowerCase().includes(filter.toLowerCase()));
  const running = told.networks.filter((network) => network.running).length;
  const networks = counted(told.networks.length + told.more, "network") + (told.searching ? " so far" : "");
  const parts = [el("p", { class: "subtitle", role: "status" }, `${networks}, ${counted(running, "training")}`)];
  if (told.note) parts.push(el("p", { class: "warning" }, told.note));
  if (told.networks.length === 0) {
    parts.push(
      el(
        "p",
        {},
        told.searching ? "Looking for networks…" : [
          "No networks yet: ",
          el("code", {}, "NR.CREATE"),
          " makes one, and so does ",
          el("code", {}, "neuralredis train --redis URL --key KEY"),
          ".",
        ],
      ),
    );
    return parts;
  }
  const heads = [["network", ""], ["what", ""], ["rows", "number"], ["error on validation rows", ""], ["training", ""]];
  parts.push(
    el(
      "div",
      { class: "card" },
      el(
        "table",
        { class: "networks" },
        el("thead", {}, el("tr", {}, heads.map(([name, kind]) => el("th", { scope: "col", class: kind }, name)))),
        el("tbody", {}, shown.map(row)),
      ),
    ),
  );
  if (told.more) parts.push(el("p", { class: "note" }, `${counted(told.more, "more network")} not shown.`));
  return parts;
}

/** Whether there are so many that one looks for some. */
export function isLong(told) {
  return told.networks.length > MANY;
}
