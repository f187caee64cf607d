// The confusion matrix of the validation rows.

import { el, named } from "../dom.js";
import { count, percent } from "../format.js";

export const confusion = {
  name: "confusion",
  title: "Confusion matrix",
  draw({ classes, matrix, rows, accuracy }) {
    const head = el(
      "tr",
      {},
      el("th", { scope: "col" }, "true class"),
      classes.map(
        (name) => el(
          "th",
          { scope: "col", class: "number" },
          el("span", { class: "unseen" }, "predicted as "),
          named(name),
        ),
      ),
      el("th", { scope: "col", class: "number" }, "recall"),
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
        { class: "scroll", tabindex: "0", role: "group", "aria-label": "Confusion matrix" },
        el(
          "table",
          { class: "confusion" },
          el("caption", {}, "Validation rows by true class (rows) and predicted class (columns)"),
          el("thead", {}, head),
          el("tbody", {}, body),
        ),
      ),
      el("p", { class: "note" }, `Accuracy ${percent(accuracy)} of ${count(rows)}. Correct predictions have a frame.`),
    ];
  },
};
