// Axes, lines and bars of charts. Lines differ in dashes, not in colour alone.

import { el, svg } from "./dom.js";
import { plain } from "./format.js";

/** Ratio of the largest to the smallest number above which an axis is logarithmic, as in the terminal. */
const WIDE_RANGE = 20;

/** About five round numbers at equal steps between two numbers. */
function ticks(low, high) {
  const rough = (high - low) / 5;
  const power = 10 ** Math.floor(Math.log10(rough));
  const step = [1, 2, 5, 10].map((times) => times * power).find((size) => size >= rough);
  const found = [];
  for (let at = Math.ceil(low / step - 1e-9); at * step <= high + step * 1e-9; at++) found.push(at * step);
  return found;
}

function logarithmicTicks(low, high) {
  const found = [];
  const many = Math.log10(high / low) > 3;
  for (let power = Math.floor(Math.log10(low)); 10 ** power <= high; power++) {
    for (const times of many ? [1] : [1, 2, 5]) {
      const tick = times * 10 ** power;
      if (tick >= low && tick <= high) found.push(tick);
    }
  }
  return found.length > 1 ? found : [low, high];
}

/** An axis from the smallest to the largest of some numbers, or between given bounds. */
export function scale(numbers, { from = null, to = null, logarithmic = false } = {}) {
  let low = from ?? Math.min(...numbers);
  let high = to ?? Math.max(...numbers);
  if (!Number.isFinite(low) || !Number.isFinite(high)) [low, high] = [0, 1];
  if (low === high) [low, high] = [low - (Math.abs(low) || 1) / 2, high + (Math.abs(high) || 1) / 2];
  const isLog = logarithmic && low > 0 && high > WIDE_RANGE * low;
  const of = isLog ? Math.log : (number) => number;
  return {
    low,
    high,
    logarithmic: isLog,
    ticks: isLog ? logarithmicTicks(low, high) : ticks(low, high),
    place: (number) => (of(number) - of(low)) / (of(high) - of(low)),
  };
}

/** Width of a chart in its own units: smaller on a narrow screen, so that its text has the size of other text. */
const width = () => (innerWidth < 640 ? 340 : 560);
/** Width of an axis label and its gaps, and of a digit, in units of the chart. */
const MARGIN = 30;
const LETTER = 7;
const RIGHT = 14;
const TOP = 14;
const BOTTOM = 46;

/** An empty chart with two axes: its element, functions from numbers to positions, and the element for marks. */
export function plot(x, y, { xLabel, yLabel, description, height = 280 }) {
  const wide = width();
  const left = MARGIN + LETTER * Math.max(4, ...y.ticks.map((tick) => plain(tick, 3).length));
  const across = (number) => left + x.place(number) * (wide - left - RIGHT);
  const down = (number) => height - BOTTOM - y.place(number) * (height - TOP - BOTTOM);
  const marks = svg("g", {});
  const drawing = svg(
    "svg",
    { viewBox: `0 0 ${wide} ${height}`, class: "plot", role: "img", "aria-label": description },
    y.ticks.map((tick) => [
      svg("line", { class: "grid", x1: left, x2: wide - RIGHT, y1: down(tick), y2: down(tick) }),
      svg("text", { class: "tick", x: left - 8, y: down(tick) + 4, "text-anchor": "end" }, plain(tick, 3)),
    ]),
    x.ticks.map((tick) =>
      svg(
        "text",
        { class: "tick", x: across(tick), y: height - BOTTOM + 18, "text-anchor": "middle" },
        plain(tick, 3),
      ),
    ),
    svg("line", { class: "axis", x1: left, x2: wide - RIGHT, y1: height - BOTTOM, y2: height - BOTTOM }),
    svg("text", { class: "label", x: (left + wide - RIGHT) / 2, y: height - 8, "text-anchor": "middle" }, xLabel),
    svg(
      "text",
      {
        class: "label",
        transform: `translate(13 ${(TOP + height - BOTTOM) / 2}) rotate(-90)`,
        "text-anchor": "middle",
      },
      yLabel,
    ),
    marks,
  );
  return { drawing, marks, across, down, bottom: height - BOTTOM, top: TOP };
}

/** A polyline through points. */
export function line(kind, { across, down }, points) {
  const places = points.map(([x, y]) => `${across(x).toFixed(1)},${down(y).toFixed(1)}`).join(" ");
  return svg("polyline", { class: `line ${kind}`, points: places });
}

/** A legend: the name of each line beside a sample of it. */
export function legend(kinds) {
  return el(
    "ul",
    { class: "legend" },
    kinds.map(([kind, name]) =>
      el(
        "li",
        {},
        svg(
          "svg",
          { viewBox: "0 0 28 8", class: "sample", "aria-hidden": "true" },
          svg("line", { class: `line ${kind}`, x1: 1, x2: 27, y1: 4, y2: 4 }),
        ),
        name,
      ),
    ),
  );
}

/** A bar that fills a share, 0 to 1, of its width. */
export function bar(share, kind = "") {
  const width = `${(Math.min(Math.max(share, 0), 1) * 100).toFixed(1)}%`;
  return el("span", { class: `bar ${kind}`, "aria-hidden": "true" }, el("span", { style: { width } }));
}
