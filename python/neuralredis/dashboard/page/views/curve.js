// The learning curve of the running training, or of the last one.

import { legend, line, plot, scale } from "../chart.js";
import { el, svg } from "../dom.js";
import { count, plain, seconds } from "../format.js";

function of(points, column) {
  return points.filter((point) => point[column] !== null).map((point) => [point[0], point[column]]);
}

function drawn(points, best) {
  const train = of(points, 1);
  const test = of(points, 2);
  if (train.length + test.length === 0) return [];
  const x = scale(points.map((point) => point[0]), { from: 0 });
  const y = scale([...train, ...test].map((point) => point[1]), { logarithmic: true });
  const last = (some) => plain(some[some.length - 1][1]);
  const description = [
    `Error over ${count(points[points.length - 1][0])} cycles.`,
    train.length ? `Of training rows from ${plain(train[0][1])} to ${last(train)}.` : "",
    test.length ? `Of validation rows from ${plain(test[0][1])} to ${last(test)}.` : "",
  ].join(" ");
  const picture = plot(x, y, { xLabel: "cycle", yLabel: y.logarithmic ? "error (log scale)" : "error", description });
  const kinds = [];
  if (train.length) {
    picture.marks.append(line("second", picture, train));
    kinds.push(["second", `training rows ${last(train)}`]);
  }
  if (test.length) {
    picture.marks.append(line("first", picture, test));
    kinds.push(["first", `validation rows ${last(test)}`]);
  }
  if (best !== undefined) {
    const at = picture.across(best);
    picture.marks.append(svg("line", { class: "line mark", x1: at, x2: at, y1: picture.top, y2: picture.bottom }));
    kinds.push(["mark", "weights kept"]);
  }
  return [legend(kinds), picture.drawing];
}

export const curve = {
  name: "curve",
  title: "Learning curve",
  live: true,
  draw({ running, last }) {
    if (running === null) {
      return [
        ...drawn(last.points, last.best < last.cycles ? last.best : undefined),
        el("p", { class: "note" }, `The last training: ${last.summary}.`),
        ...last.warnings.map((warning) => el("p", { class: "warning" }, warning)),
      ];
    }
    if (running.queued) return [el("p", { class: "note" }, "The training is queued: it waits for other trainings.")];
    const wrong = running.class_errors === null
      ? ""
      : `, ${running.class_errors.toFixed(1)} % of the validation rows wrong`;
    return [
      ...drawn(running.points),
      el("p", { class: "note" }, `Training: cycle ${count(running.cycle)}, ${seconds(running.seconds)}${wrong}.`),
    ];
  },
};
