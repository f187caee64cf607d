// The list of rows, in pages, so that the browser draws few of them at a time.

import { byId, element } from "./elements.js";
import { chosenRows, filter } from "./filters.js";
import { countOf, percent, plain, several } from "./numbers.js";
import { cut } from "./reports.js";

const PAGE = 25;
// Most classes with a bar, and most columns outside of the folded rest.
const MOST_BARS = 4;
const MOST_CELLS = 12;

let shown = { made: null, places: [], page: 0 };

/** Draw the first page of the rows that pass the filters. */
export function showRows(made) {
  byId("rows").hidden = !made;
  if (!made) {
    shown = { made: null, places: [], page: 0 };
    byId("list").replaceChildren();
    return;
  }
  shown = { made, places: chosenRows(made), page: 0 };
  draw();
}

/** Turn pages by buttons and arrow keys. */
export function watchPages() {
  byId("previous").addEventListener("click", () => turn(-1));
  byId("next").addEventListener("click", () => turn(1));
  document.addEventListener("keydown", (event) => {
    if (event.altKey || event.ctrlKey || event.metaKey || event.shiftKey || !shown.made) return;
    if (event.target.closest("input, select, textarea, .scroll")) return;
    if (event.key === "ArrowRight") turn(1);
    else if (event.key === "ArrowLeft") turn(-1);
  });
}

function pagesThere() {
  return Math.max(1, Math.ceil(shown.places.length / PAGE));
}

function turn(by) {
  const page = shown.page + by;
  if (page < 0 || page >= pagesThere()) return;
  shown.page = page;
  draw();
  byId("rows").scrollIntoView({ block: "start" });
}

function draw() {
  const { made, places, page } = shown;
  const begin = page * PAGE;
  const those = places.slice(begin, begin + PAGE);
  byId("list").start = begin + 1;
  // Fit the column of labels to the longest one, within limits.
  const longest = made.classes ? Math.max(...made.classes.map((label) => label.length)) + 3 : 8;
  byId("list").style.setProperty("--label", `${Math.min(longest, 14)}ch`);
  byId("list").replaceChildren(...those.map((row) => rowOf(made, row)));
  const of = places.length < made.rows.length ? ` of ${countOf(made.rows.length)}` : "";
  const differ = made.classes && made.names.length > 1 ? `, ${countOf(places.filter((row) => made.differs[row]).length)} of them predicted differently` : "";
  byId("shown").textContent = places.length ? `${several(places.length, "row")}${of}${differ}.` : "No row passes the filters.";
  byId("page-number").textContent = `Page ${countOf(page + 1)} of ${countOf(pagesThere())}`;
  byId("previous").disabled = page === 0;
  byId("next").disabled = page + 1 >= pagesThere();
  document.querySelector(".pages").hidden = pagesThere() === 1;
}

function rowOf(made, row) {
  const truth = made.classes ? made.classes[made.truth[row]] : plain(made.truth[row]);
  const differs = made.classes && made.names.length > 1 && made.differs[row];
  return element(
    "li",
    { class: differs ? "row differs" : "row" },
    element(
      "div",
      { class: "about" },
      element("h3", {}, `Row ${countOf(made.rows[row])}`),
      element("p", { class: "truth" }, element("span", { class: "dim" }, `${made.target} is `), element("strong", {}, truth)),
      differs ? element("p", { class: "tag" }, "predictions differ") : null,
    ),
    element("div", { class: "answers" }, made.names.map((name, network) => (made.classes ? answerOf(made, row, network, name) : numberAnswer(made, row, network, name)))),
    cellsOf(made, row),
  );
}

function answerOf(made, row, network, name) {
  const answer = made.answers[network][row];
  const right = made.right[network][row];
  const likely = made.probabilities[network][row];
  const order = likely.map((_, place) => place).sort((a, b) => likely[b] - likely[a]);
  const bars = order.slice(0, MOST_BARS);
  // Few classes keep their order, so that bars can be compared; of many, show the most probable and the true one.
  if (likely.length <= MOST_BARS) bars.sort((a, b) => a - b);
  else if (!bars.includes(made.truth[row])) bars[MOST_BARS - 1] = made.truth[row];
  return element(
    "div",
    { class: "answer" },
    element("p", { class: "of dim" }, name),
    element("p", { class: right ? "said right" : "said wrong" }, made.classes[answer], element("span", { class: "mark" }, right ? " ✓ correct" : " ✗ wrong")),
    element("ul", { class: "bars" }, bars.map((place) => barOf(made.classes[place], likely[place], place === answer, place === made.truth[row]))),
  );
}

function barOf(label, share, isAnswer, isTrue) {
  return element(
    "li",
    { class: isAnswer ? "bar chosen" : "bar" },
    element("span", { class: "label", title: label }, label, isTrue ? element("span", { class: "true", title: "true class" }, " ●", element("span", { class: "unseen" }, " true class")) : null),
    element("span", { class: "track", "aria-hidden": "true" }, element("span", { class: "fill", style: { width: `${(100 * share).toFixed(2)}%` } })),
    element("span", { class: "share" }, percent(share)),
  );
}

function numberAnswer(made, row, network, name) {
  const error = made.errors[network][row];
  const share = made.most ? error / made.most : 0;
  return element(
    "div",
    { class: "answer" },
    element("p", { class: "of dim" }, name),
    element("p", { class: "said" }, plain(made.answers[network][row])),
    element(
      "div",
      { class: "bars" },
      element(
        "div",
        { class: "bar chosen" },
        element("span", { class: "label" }, "error"),
        element("span", { class: "track", "aria-hidden": "true" }, element("span", { class: "fill", style: { width: `${(100 * share).toFixed(2)}%` } })),
        element("span", { class: "share" }, plain(error)),
      ),
    ),
  );
}

function cellsOf(made, row) {
  if (!made.cells.length) return null;
  const listed = (cells) =>
    element(
      "dl",
      { class: "cells" },
      cells.map(({ name, texts }) => {
        const chosen = filter.column !== "" && made.cells[Number(filter.column)].name === name;
        return element("div", { class: chosen ? "chosen" : "" }, element("dt", {}, cut(name, 30)), element("dd", {}, texts[row] ?? "–"));
      }),
    );
  const [first, rest] = [made.cells.slice(0, MOST_CELLS), made.cells.slice(MOST_CELLS)];
  const more = rest.length ? element("details", {}, element("summary", {}, `${several(rest.length, "more field")}`), listed(rest)) : null;
  return element("div", { class: "of-row" }, listed(first), more);
}
