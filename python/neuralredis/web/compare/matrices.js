// Confusion matrices, side by side.

import { byId, element, scrolled } from "./elements.js";
import { countOf, percent } from "./numbers.js";

// Classes above which only the most frequent confusions are listed.
const MOST_CLASSES = 12;
const MOST_MISTAKES = 10;

/** Draw a matrix for each network. `pick` is called with the indices of a network, a true and a predicted class. */
export function showMatrices(made, figures, pick) {
  const section = byId("matrices");
  const shown = [];
  if (made?.classes) {
    made.figures.forEach((each, place) => shown.push({ name: made.names[place], place, classes: made.classes, confusion: each.confusion }));
  }
  for (const report of figures) {
    if (report.classes) shown.push({ name: report.network, place: null, classes: report.classes, confusion: report.confusion });
  }
  section.hidden = !shown.length;
  const target = made ? made.target : figures[0]?.target;
  const hint = made?.classes ? element("p", { class: "dim" }, "Click a number to see its rows below.") : null;
  section
    .querySelector(".content")
    .replaceChildren(...(hint ? [hint] : []), element("div", { class: "side-by-side" }, shown.map((each) => matrixOf(each, target, pick))));
}

function matrixOf(shown, target, pick) {
  if (shown.classes.length > MOST_CLASSES) return mistakesOf(shown, pick);
  const { classes, confusion, name } = shown;
  const head = element(
    "tr",
    {},
    element("th", { scope: "col" }, `${target} is`),
    classes.map((label) => element("th", { scope: "col", class: "number" }, `→ ${label}`)),
    element("th", { scope: "col", class: "number" }, "recall"),
  );
  const rows = classes.map((label, truth) => {
    const total = confusion[truth].reduce((sum, count) => sum + count, 0);
    return element(
      "tr",
      {},
      element("th", { scope: "row" }, label),
      confusion[truth].map((count, answer) => cellOf(shown, truth, answer, count, total, pick)),
      element("td", { class: "number dim" }, total ? percent(confusion[truth][truth] / total) : "–"),
    );
  });
  return scrolled(
    `Confusion matrix of ${name}`,
    element("table", { class: "matrix" }, element("caption", {}, name), element("thead", {}, head), element("tbody", {}, rows)),
  );
}

function cellOf(shown, truth, answer, count, total, pick) {
  // Shade cells by their share of the true class; the number has the same information.
  const share = total ? count / total : 0;
  const kind = truth === answer ? "hit" : "miss";
  const label = `${countOf(count)} rows of ${shown.classes[truth]} that ${shown.name} predicts as ${shown.classes[answer]}`;
  const inside =
    shown.place === null || !count
      ? element("span", { class: count ? "" : "dim" }, countOf(count))
      : element("button", { type: "button", class: "cell", "aria-label": label, click: () => pick(shown.place, truth, answer) }, countOf(count));
  return element("td", { class: `number ${kind}`, style: { "--share": share.toFixed(3) } }, inside);
}

function mistakesOf(shown, pick) {
  const { classes, confusion, name } = shown;
  const mistakes = [];
  confusion.forEach((row, truth) => row.forEach((count, answer) => truth !== answer && count && mistakes.push({ truth, answer, count })));
  mistakes.sort((a, b) => b.count - a.count);
  const items = mistakes.slice(0, MOST_MISTAKES).map(({ truth, answer, count }) => {
    const text = `${classes[truth]} → ${classes[answer]}: ${countOf(count)}`;
    return element("li", {}, shown.place === null ? text : element("button", { type: "button", class: "quiet", click: () => pick(shown.place, truth, answer) }, text));
  });
  return element("div", {}, element("h3", {}, name), element("p", { class: "dim" }, "Most frequent confusions:"), element("ul", { class: "plain" }, items));
}
