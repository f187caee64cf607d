// Figures of each network, and tests of their differences.

import { byId, element, scrolled } from "./elements.js";
import { between, countOf, percent, plain, pValue, several } from "./numbers.js";
import { wilson } from "./statistics.js";

/** Draw the figures of a comparison, and of reports without predictions of rows. */
export function showSummary(made, figures) {
  const section = byId("summary");
  section.hidden = !made && !figures.length;
  if (section.hidden) return;
  const parts = [];
  if (made) parts.push(...ofRows(made));
  const lines = made ? made.figures.map((each, place) => lineOf(made.names[place], each, made)) : [];
  lines.push(...figures.map(lineOfFigures));
  const classes = made ? made.classes : figures[0].classes;
  parts.push(tableOf(lines, classes));
  if (made && made.classes) parts.push(baselineOf(made));
  if (made) parts.push(...made.pairs.map((pair) => sentenceOf(made, pair)));
  if (made && made.pairs.length > 1) {
    parts.push(element("p", { class: "dim" }, "The p-values are corrected for multiple comparisons (Holm)."));
  }
  section.querySelector(".content").replaceChildren(...parts);
}

function ofRows(made) {
  const of = made.table;
  const left = of.rows - made.rows.length;
  const others = left > 0 ? `, ${countOf(left)} left out: training rows of a network, or not in all reports` : "";
  const parts = [
    element(
      "p",
      {},
      "Target ",
      element("strong", {}, made.target),
      `, on ${several(made.rows.length, "row")} of ${of.name}${others}.`,
    ),
  ];
  const named = (fresh) => made.names.filter((_, place) => made.fresh[place] === fresh).join(" and ");
  if (named(false)) parts.push(element("p", { class: "warning" }, `Some of these rows are training rows of ${named(false)}, so the figures are too good.`));
  if (named(null)) parts.push(element("p", { class: "warning" }, `Training rows of ${named(null)} are unknown and cannot be left out: the figures may be too good.`));
  return parts;
}

function lineOf(name, figures, made) {
  if (made.classes) {
    return {
      name,
      value: percent(figures.accuracy),
      likely: between(...figures.likely),
      bar: [figures.likely[0], figures.accuracy, figures.likely[1]],
      more: countOf(figures.wrong),
    };
  }
  const known = !Number.isNaN(figures.likely[0]);
  return {
    name,
    value: plain(figures.mae),
    likely: known ? `${plain(figures.likely[0])} to ${plain(figures.likely[1])}` : "",
    bar: known ? [Math.max(0, figures.likely[0]), figures.mae, figures.likely[1]] : null,
    more: plain(figures.rmse),
  };
}

function lineOfFigures(report) {
  const name = `${report.network}, on ${several(report.count, "row")} of its own`;
  if (!report.classes) return { name, value: plain(report.mae), likely: "", bar: null, more: plain(report.rmse) };
  const [low, high] = wilson(report.accuracy, report.count);
  const wrong = countOf(Math.round((1 - report.accuracy) * report.count));
  return { name, value: percent(report.accuracy), likely: between(low, high), bar: [low, report.accuracy, high], more: wrong };
}

function tableOf(lines, classes) {
  const titles = classes ? ["accuracy", "95 % interval", "wrong"] : ["mean absolute error", "95 % interval", "RMSE"];
  const scale = scaleOf(lines, classes);
  const head = element(
    "tr",
    {},
    element("th", { scope: "col" }, "network"),
    element("th", { scope: "col", class: "number" }, titles[0]),
    element("th", { scope: "col", class: "number" }, titles[1]),
    element("td", { class: "wide" }, scale ? element("div", { class: "ends", "aria-hidden": "true" }, scale.ends.map((end) => element("span", {}, end))) : null),
    element("th", { scope: "col", class: "number" }, titles[2]),
  );
  const rows = lines.map((line) =>
    element(
      "tr",
      {},
      element("th", { scope: "row" }, line.name),
      element("td", { class: "number strong" }, line.value),
      element("td", { class: "number" }, line.likely),
      element("td", { class: "wide" }, line.bar ? intervalOf(line.bar, scale) : null),
      element("td", { class: "number" }, line.more),
    ),
  );
  return scrolled("Figures of each network", element("table", { class: "figures" }, element("thead", {}, head), element("tbody", {}, rows)));
}

/** Return the scale of the intervals: shares between multiples of 10 % around them, errors from 0. */
function scaleOf(lines, classes) {
  const bars = lines.map((line) => line.bar).filter(Boolean);
  if (!bars.length) return null;
  let low = 0;
  let high = Math.max(...bars.map((bar) => bar[2]));
  if (classes) {
    low = Math.floor(10 * Math.min(...bars.map((bar) => bar[0]))) / 10;
    high = Math.ceil(10 * high) / 10;
  }
  const label = (end) => (classes ? `${Math.round(100 * end)} %` : plain(end));
  return { place: (value) => (100 * (value - low)) / (high - low || 1), ends: [label(low), label(high)] };
}

/** Return an interval as a line with a point. It is hidden from screen readers, which read the figures. */
function intervalOf(bar, scale) {
  const [low, value, high] = bar.map(scale.place);
  return element(
    "div",
    { class: "interval", "aria-hidden": "true" },
    element("span", { class: "span", style: { left: `${low}%`, width: `${high - low}%` } }),
    element("span", { class: "point", style: { left: `${value}%` } }),
  );
}

function baselineOf(made) {
  const counts = made.classes.map(() => 0);
  made.truth.forEach((truth) => {
    counts[truth] += 1;
  });
  const place = counts.indexOf(Math.max(...counts));
  return element("p", { class: "dim" }, `Baseline: always predicting ${made.classes[place]} has an accuracy of ${percent(counts[place] / made.truth.length)}.`);
}

/** Return the difference of two networks as a sentence, as the command line prints it. */
function sentenceOf(made, pair) {
  const [better, worse] = [made.names[pair.better], made.names[pair.worse]];
  const test = made.classes ? "McNemar's exact test" : "paired t-test";
  const verdict = `${pair.byChance ? "Not significant" : "Significant"} (${pValue(pair.p)}, ${test}).`;
  let sentence;
  if (!pair.onlyBetter && !pair.onlyWorse) {
    sentence = made.classes ? `${better} and ${worse} are correct for the same rows.` : `${better} and ${worse} have the same error in every row.`;
    return element("p", { class: "verdict" }, sentence);
  }
  if (made.classes) {
    sentence = `${better} is correct for ${several(pair.onlyBetter, "row")} that ${worse} gets wrong, and wrong for ${countOf(pair.onlyWorse)} that ${worse} gets right`;
    if (pair.onlyBetter === pair.onlyWorse) return element("p", { class: "verdict" }, `${sentence}: equally accurate.`);
    const points = (share) => (100 * share).toFixed(1);
    sentence += `: ${points(pair.difference)} points more accurate, 95 % interval ${points(pair.low)} to ${points(pair.high)}.`;
  } else {
    const likely = Number.isNaN(pair.low) ? "one row is too few to tell" : `95 % interval ${plain(pair.low)} to ${plain(pair.high)}`;
    sentence = `The mean absolute error of ${better} is ${plain(pair.difference)} lower than that of ${worse} (${likely}): closer in ${several(pair.onlyBetter, "row")}, less close in ${countOf(pair.onlyWorse)}.`;
  }
  return element("p", { class: pair.byChance ? "verdict chance" : "verdict" }, `${sentence} `, element("strong", {}, verdict));
}
