// Which classes are taken for which.

import { el, named } from "../dom.js";
import { count, percent } from "../format.js";

export const confusion = {
  name: "confusion",
  title: "Right and wrong answers",
  draw({ classes, matrix, rows, accuracy }) {
    const head = el(
      "tr",
      {},
      el("th", { scope: "col" }, "came to"),
      classes.map(
        (name) => el(
          "th",
          { scope: "col", class: "number" },
          el("span", { class: "unseen" }, "answered "),
          named(name),
        ),
      ),
      el("th", { scope: "col", class: "number" }, "right"),
    );
    const body = matrix.map((cells, at) => {
      const all = cells.reduce((sum, cell) => sum + cell, 0);
      return el(
        "tr",
        {},
        el("th", { scope: "row" }, named(classes[at])),
        cells.map((cell, answer) =>
          el(
            "td",
            {
              class: answer === at ? "cell right" : "cell",
              style: { "--share": all ? (cell / all).toFixed(3) : "0" },
            },
            count(cell),
          ),
        ),
        el("td", { class: "number" }, all ? percent(cells[at] / all) : "–"),
      );
    });
    return [
      el(
        "div",
        { class: "scroll", tabindex: "0", role: "group", "aria-label": "Table of answers" },
        el(
          "table",
          { class: "confusion" },
          el("caption", {}, "Validation rows, by what was answered (columns)"),
          el("thead", {}, head),
          el("tbody", {}, body),
        ),
      ),
      el("p", { class: "note" }, `Of ${count(rows)}, ${percent(accuracy)} are answered rightly: those with a frame.`),
    ];
  },
};
