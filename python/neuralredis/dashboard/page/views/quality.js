// The error on the validation rows, and the baseline.

import { bar } from "../chart.js";
import { el } from "../dom.js";
import { counted, percent, plain } from "../format.js";

function compared(data) {
  if (data.measure !== "wrong") {
    return data.wrong < data.baseline
      ? "Better than always predicting the mean."
      : "No better than always predicting the mean.";
  }
  if (data.high < data.baseline) {
    return "Better than always predicting the most common class (statistically significant).";
  }
  if (data.wrong < data.baseline) return "Better than always predicting the most common class, but not significantly.";
  return "No better than always predicting the most common class.";
}

export const quality = {
  name: "quality",
  title: "Error",
  draw(data) {
    const wrong = data.measure === "wrong";
    const text = wrong ? percent : plain;
    const most = wrong ? 1 : Math.max(data.wrong, data.baseline) || 1;
    const row = (name, number, kind) =>
      el(
        "tr",
        {},
        el("th", { scope: "row" }, name),
        el("td", { class: "number" }, text(number)),
        el("td", { class: "fill" }, bar(number / most, kind)),
      );
    const likely = wrong
      ? `95 % interval ${percent(data.low)} to ${percent(data.high)}.`
      : `Mean absolute error ${plain(data.mae)}; R² ${plain(data.r2, 3)}.`;
    const optimistic = data.optimistic
      ? " Early stopping used these rows, so the error on fresh rows is somewhat higher."
      : "";
    return [
      el(
        "p",
        { class: "figure" },
        el("strong", {}, text(data.wrong)),
        wrong ? " error rate" : " root mean squared error",
      ),
      el("p", {}, compared(data)),
      el(
        "table",
        { class: "bars judged" },
        el("caption", { class: "unseen" }, "Error and baseline"),
        el(
          "tbody",
          {},
          row("this network", data.wrong, ""),
          row(wrong ? "most common class" : "the mean", data.baseline, "muted"),
        ),
      ),
      el(
        "p",
        { class: "note" },
        `On ${counted(data.rows, data.sequences ? "validation event" : "validation row")}. ${likely}${optimistic}`,
      ),
    ];
  },
};
