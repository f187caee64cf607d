// How wrong the answers are, beside those of a baseline that has learnt nothing.

import { bar } from "../chart.js";
import { el } from "../dom.js";
import { counted, percent, plain } from "../format.js";

function compared(data) {
  if (data.measure !== "wrong") {
    return data.wrong < data.baseline
      ? "Better than always answering the mean."
      : "No better than always answering the mean.";
  }
  if (data.high < data.baseline) return "Better than always answering the commonest class, and not by chance.";
  if (data.wrong < data.baseline) return "Better than always answering the commonest class, but that may be chance.";
  return "No better than always answering the commonest class.";
}

export const quality = {
  name: "quality",
  title: "How wrong it is",
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
      ? `On other rows likely ${percent(data.low)} to ${percent(data.high)}.`
      : `Off by ${plain(data.mae)} on average; R² ${plain(data.r2, 3)}.`;
    const optimistic = data.optimistic
      ? " These rows had a say in when the training ended, so fresh rows will do somewhat worse."
      : "";
    return [
      el(
        "p",
        { class: "figure" },
        el("strong", {}, text(data.wrong)),
        wrong ? " of the answers are wrong" : " root mean squared error",
      ),
      el("p", {}, compared(data)),
      el(
        "table",
        { class: "bars judged" },
        el("caption", { class: "unseen" }, "Error beside that of the baseline"),
        el(
          "tbody",
          {},
          row("this network", data.wrong, ""),
          row(wrong ? "commonest class" : "mean", data.baseline, "muted"),
        ),
      ),
      el(
        "p",
        { class: "note" },
        `On ${counted(data.rows, data.sequences ? "validation answer" : "validation row")}. ${likely}${optimistic}`,
      ),
    ];
  },
};
