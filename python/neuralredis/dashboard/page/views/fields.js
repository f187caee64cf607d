// Statistics of each field over the stored rows, and its importance.

import { bar } from "../chart.js";
import { el, named } from "../dom.js";
import { count, counted, moment, plain, signed } from "../format.js";

const WORDS = 4;

function held(field) {
  const kind = field.kind.split(" ")[0];
  if (field.min !== null) {
    const text = kind === "time" ? moment : (number) => plain(number, 6);
    return [`${text(field.min)} to ${text(field.max)}`];
  }
  const words = field.commonest.slice(0, WORDS).flatMap(
    ([word, rows], at) => [at ? ", " : "", named(word), ` ${count(rows)}`],
  );
  if (words.length === 0 && field.words) return [counted(field.words, "category", "categories")];
  const more = (field.words ?? field.commonest.length) - Math.min(WORDS, field.commonest.length);
  if (more > 0) words.push(` and ${counted(more, "other")}`);
  if (field.other) words.push(`; ${counted(field.other, "row")} with other categories`);
  return words.length ? words : ["–"];
}

export const fields = {
  name: "fields",
  title: "Fields",
  wide: true,
  draw({ fields: all, more }) {
    const sorted = [...all].sort((one, other) => (other.importance ?? 0) - (one.importance ?? 0));
    const most = Math.max(...all.map((field) => field.importance ?? 0));
    const known = all.some((field) => field.importance !== null);
    const row = (field) =>
      el(
        "tr",
        {},
        el("th", { scope: "row" }, named(field.name)),
        known
          ? el(
            "td",
            { class: "important" },
            el("span", { class: "number" }, field.importance === null ? "–" : signed(field.importance)),
            bar(most > 0 ? (field.importance ?? 0) / most : 0),
          )
          : null,
        el("td", { class: "short" }, field.kind),
        el("td", { class: "number" }, count(field.values)),
        el("td", { class: "number" }, count(field.gaps)),
        el("td", { class: "held" }, held(field)),
      );
    const heads = [
      ["field", ""],
      ["kind", ""],
      ["values", "number"],
      ["missing", "number"],
      ["range or most common categories", ""],
    ];
    if (known) heads.splice(1, 0, ["importance", ""]);
    return [
      el(
        "div",
        { class: "scroll", tabindex: "0", role: "group", "aria-label": "Table of fields" },
        el(
          "table",
          {},
          el("thead", {}, el("tr", {}, heads.map(([name, kind]) => el("th", { scope: "col", class: kind }, name)))),
          el("tbody", {}, sorted.map(row)),
        ),
      ),
      el(
        "p",
        { class: "note" },
        known
          ? "Importance is the increase of the validation error when the field's values are shuffled among the rows."
          : "Importance is measured in a training with validation rows.",
        more ? ` ${counted(more, "more field")} not shown.` : "",
      ),
    ];
  },
};
