// The list of networks, each with its error and baseline.

import { bar } from "./chart.js";
import { el, named, unseen } from "./dom.js";
import { count, counted, percent, plain, seconds } from "./format.js";

/** Number of networks above which the list has a filter. */
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
    if (network.training) return "training";
    return network.cycles ? `trained, ${counted(network.cycles, "cycle")}` : "not trained";
  }
  if (running.queued) return "queued";
  return [el("strong", {}, "training"), `, cycle ${count(running.cycle)}, ${seconds(running.seconds)}`];
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
      unseen(" training, "),
      el("span", { "aria-hidden": "true" }, " + "),
      count(network.test),
      unseen(" validation"),
    ),
    el("td", {}, error(network.quality)),
    el("td", {}, state(network)),
  );
}

/** The elements of the list: networks whose names contain a text. */
export function list(listing, filter) {
  const shown = listing.networks.filter((network) => network.name.toLowerCase().includes(filter.toLowerCase()));
  const running = listing.networks.filter((network) => network.running).length;
  const networks = counted(listing.networks.length + listing.more, "network") + (listing.searching ? " so far" : "");
  const parts = [el("p", { class: "subtitle", role: "status" }, `${networks}, ${counted(running, "training")}`)];
  if (listing.note) parts.push(el("p", { class: "warning" }, listing.note));
  if (listing.networks.length === 0) {
    parts.push(
      el(
        "p",
        {},
        listing.searching ? "Scanning for networks…" : [
          "No networks: create one with ",
          el("code", {}, "NR.CREATE"),
          " or ",
          el("code", {}, "neuralredis train --redis URL --key KEY"),
          ".",
        ],
      ),
    );
    return parts;
  }
  const heads = [["network", ""], ["type", ""], ["rows", "number"], ["validation error", ""], ["training", ""]];
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
  if (listing.more) parts.push(el("p", { class: "note" }, `${counted(listing.more, "more network")} not shown.`));
  return parts;
}

/** Whether the list is long enough for a filter. */
export function isLong(listing) {
  return listing.networks.length > MANY;
}
