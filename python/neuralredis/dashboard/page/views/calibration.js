// Calibration: bins of validation rows with similar predictions, and the outcomes in each bin.

import { line, plot, scale } from "../chart.js";
import { el, named, svg } from "../dom.js";
import { count, counted, percent, plain } from "../format.js";

function picture(groups, x, y, labels) {
  const drawn = plot(x, y, { ...labels, height: 320 });
  const low = Math.max(x.low, y.low);
  const high = Math.min(x.high, y.high);
  if (high > low) {
    drawn.marks.append(line("second", drawn, [[low, low], [high, high]]));
  }
  const most = Math.max(...groups.map((group) => group.rows));
  for (const group of groups) {
    const at = drawn.across(group.predicted);
    drawn.marks.append(
      svg("line", { class: "whisker", x1: at, x2: at, y1: drawn.down(group.low), y2: drawn.down(group.high) }),
      svg("circle", { class: "dot", cx: at, cy: drawn.down(group.observed), r: 3 + 4 * Math.sqrt(group.rows / most) }),
    );
  }
  return drawn.drawing;
}

function table(groups, text, predicted, observed, between) {
  const cells = (group) => [
    text(group.predicted),
    text(group.observed),
    `${text(group.low)} to ${text(group.high)}`,
    count(group.rows),
  ];
  return el(
    "details",
    {},
    el("summary", {}, "As a table"),
    el(
      "div",
      { class: "scroll", tabindex: "0", role: "group", "aria-label": "Table of groups" },
      el(
        "table",
        {},
        el(
          "thead",
          {},
          el("tr", {}, [predicted, observed, between, "rows"].map((name) => el("th", { scope: "col", class: "number" }, name))),
        ),
        el(
          "tbody",
          {},
          groups.map((group) => el("tr", {}, cells(group).map((cell) => el("td", { class: "number" }, cell)))),
        ),
      ),
    ),
  );
}

function ofClassifier(data, looked) {
  const whole = { from: 0, to: 1 };
  const of = data.class === null ? "the predicted class" : ["class ", named(data.class)];
  const pairs = data.groups.map((group) => `${percent(group.predicted)}: ${percent(group.observed)}`).join("; ");
  return [
    picture(data.groups, scale([], whole), scale([], whole), {
      xLabel: "predicted probability",
      yLabel: "observed frequency",
      description: `Observed frequency by predicted probability. ${pairs}.`,
    }),
    el(
      "p",
      {},
      "Expected calibration error of the probability of ",
      of,
      `: ${(data.error * 100).toFixed(1)} points. Perfectly calibrated bins are on the dashed line.`,
    ),
    el("p", { class: "note" }, `${looked} Larger dots have more rows; vertical lines are 95 % intervals.`),
    table(data.groups, percent, "predicted", "observed", "95 % interval"),
  ];
}

function ofRegressor(data, looked) {
  const drawn = data.outputs.map(({ name, groups }) => {
    const x = scale(groups.map((group) => group.predicted));
    const y = scale(groups.flatMap((group) => [group.low, group.high, group.observed]));
    const pairs = groups.map((group) => `${plain(group.predicted)}: ${plain(group.observed)}`).join("; ");
    return [
      data.outputs.length > 1 ? el("h3", {}, named(name)) : null,
      picture(groups, x, y, { xLabel: "prediction", yLabel: "outcome", description: `Mean outcome by prediction. ${pairs}.` }),
      table(groups, plain, "prediction", "mean outcome", "10th to 90th percentile"),
    ];
  });
  return [
    ...drawn.flat(),
    el(
      "p",
      {},
      "Rows are binned by prediction; a dot is the mean outcome of a bin. Unbiased predictions are on the dashed line.",
    ),
    el(
      "p",
      { class: "note" },
      `${looked} Vertical lines contain 80 % of a bin's outcomes.`,
      data.more ? ` ${counted(data.more, "more output")} not shown.` : "",
    ),
  ];
}

export const calibration = {
  name: "calibration",
  title: "Calibration",
  draw(data) {
    const looked = data.rows < data.of
      ? `${count(data.rows)} of ${count(data.of)} validation rows, evenly spread.`
      : `${counted(data.rows, "validation row")}.`;
    return data.classifier ? ofClassifier(data, looked) : ofRegressor(data, looked);
  },
};
