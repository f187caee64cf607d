// The stored rows with the largest errors: often wrong labels, or cases that the network has not learnt.

import { el, named } from "../dom.js";
import { count, counted, percent, plain, value } from "../format.js";

const SETS = { test: "validation", train: "training" };

function rowsOf({ set, rows, of }) {
  const what = `${SETS[set]} rows`;
  return rows < of ? `${count(rows)} of ${count(of)} ${what}, evenly spread` : `all ${count(of)} ${what}`;
}

function outcome(of) {
  if (Array.isArray(of)) return of.map((number) => plain(number)).join(", ");
  return of === null ? "a class without an output yet" : named(of);
}

/** Longest value that never wraps: on a phone, cells that are scrolled out of view would make rows high. */
const LINE = 24;

function cell(text, numeric) {
  return el("td", { class: `${numeric ? "number" : ""} ${text.length <= LINE ? "short" : ""}`.trim() }, text);
}

export const surprises = {
  name: "surprises",
  title: "Rows with the largest errors",
  wide: true,
  draw(data, context) {
    const looked = data.looked.map(rowsOf).join(" and ");
    if (data.rows.length === 0) return [el("p", {}, `No wrong predictions in ${looked}.`)];
    const sure = data.rows.some((row) => row.probability !== null);
    const asks = context.asks && context.shows("ask") && data.more === 0;
    const kinds = data.kinds;
    const numeric = data.fields.map(
      (_, at) => data.rows.every((one) => typeof one.values[at] === "number" || one.values[at] === null),
    );
    const row = (one) =>
      el(
        "tr",
        {},
        el("th", { scope: "row", class: "short" }, `${SETS[one.set]} ${count(one.place)}`),
        el("td", {}, outcome(one.truth)),
        sure ? el("td", { class: "number" }, percent(one.probability)) : null,
        el("td", {}, outcome(one.answer)),
        one.values.map((each, at) => cell(value(each, kinds[at]), numeric[at])),
        asks
          ? el(
              "td",
              {},
              el(
                "button",
                {
                  type: "button",
                  "aria-label": `Ask about ${SETS[one.set]} row ${one.place}`,
                  on: { click: () => context.bus.dispatchEvent(new CustomEvent("ask", { detail: one.values })) },
                },
                "Ask",
              ),
            )
          : null,
      );
    const heads = [
      el("th", { scope: "col" }, "row"),
      el("th", { scope: "col" }, "outcome"),
      sure ? el("th", { scope: "col", class: "number" }, "probability of the outcome") : null,
      el("th", { scope: "col" }, "prediction"),
      data.fields.map((name, at) => el("th", { scope: "col", class: numeric[at] ? "number" : "" }, named(name))),
      asks ? el("td", {}) : null,
    ];
    return [
      el(
        "div",
        { class: "scroll", tabindex: "0", role: "group", "aria-label": "Table of rows" },
        el("table", {}, el("thead", {}, el("tr", {}, heads)), el("tbody", {}, data.rows.map(row))),
      ),
      el(
        "p",
        { class: "note" },
        `From ${looked}. Rows are numbered from 0.`,
        data.more ? ` ${counted(data.more, "more input")} not shown.` : "",
      ),
    ];
  },
};
