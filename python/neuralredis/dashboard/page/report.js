// The report: the views of a network, with data from this file.

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
        ? "This file contains stored rows, those with the largest errors: treat it like the data itself. "
        : "This file contains no stored rows, but the range, median and most common categories of each field. ",
      network ? "The form uses the network in this file: its weights and all categories that it knows. " : "",
      `Created ${report.made.slice(0, 16).replace("T", " ")} by neuralredis ${report.version}.`,
    ),
  ),
);
