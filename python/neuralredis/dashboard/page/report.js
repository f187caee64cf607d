// A report: the views of a network, of what stands in this file.

import { el } from "./dom.js";
import { network } from "./exported.js";
import { context, facts, sections, title, warnings } from "./network.js";
import { Still } from "./source.js";

const report = JSON.parse(document.getElementById("report").textContent);
const shared = context(new Still(report, network), "", report.network);

document.getElementById("page").replaceChildren(
  el(
    "header",
    { class: "top" },
    el("span", { class: "brand" }, "neuralredis"),
    el("span", { class: "place" }, "report"),
  ),
  el(
    "main",
    {},
    el("div", { class: "head" }, title(report.network), facts(report.network), warnings(report.network)),
    el("div", { class: "sections" }, sections(shared).nodes),
  ),
  el(
    "footer",
    {},
    el(
      "p",
      {},
      report.rows
        ? "This page shows stored rows, those answered most wrongly: pass it on as you would pass on the data. "
        : "No stored rows are in this file; ranges, commonest words and the middle of each field are. ",
      network ? "The network itself is, which answers the form: its weights, and all words that it knows. " : "",
      `Made ${report.made.slice(0, 16).replace("T", " ")} by neuralredis ${report.version}.`,
    ),
  ),
);
