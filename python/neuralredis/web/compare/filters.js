// Filters of the rows, and their order.

import { byId, choice, element } from "./elements.js";
import { cut } from "./reports.js";
import { setSetting, settings } from "./settings.js";

// Most values of a column that are suggested.
const MOST_SUGGESTED = 200;

/** The filters: a true class, which networks are correct, a column and a value, and a cell of a confusion matrix. */
export const filter = { truth: "", right: "", column: "", value: "", cell: null };

/** Reset the filters, which may not apply to a new comparison. */
export function clearFilter() {
  Object.assign(filter, { truth: "", right: "", column: "", value: "", cell: null });
}

/** Draw the filters; `changed` is called after a change. */
export function showFilters(made, changed) {
  const set = (name) => (value) => {
    filter[name] = value;
    changed();
  };
  const parts = [];
  if (made.classes && made.names.length > 1) {
    const box = element("input", {
      type: "checkbox",
      checked: settings.only,
      change: () => {
        setSetting("only", box.checked);
        changed();
      },
    });
    parts.push(element("label", { class: "check" }, box, "Only disagreements"));
  }
  if (made.classes) {
    const labels = made.classes.map((label, place) => [String(place), cut(label)]);
    parts.push(choice(`${cut(made.target, 24)} is`, [["", "any"], ...labels], filter.truth, set("truth")));
    parts.push(choice("Correct", rightOptions(made), filter.right, set("right")));
  }
  if (made.cells.length) parts.push(...columnFilters(made, changed));
  const orders = [
    ["differ", made.names.length > 1 ? "largest differences first" : "as in the table"],
    ["wrong", "largest errors first"],
    ["row", "as in the table"],
  ].slice(made.names.length > 1 ? 0 : 1);
  parts.push(
    choice("Order", orders, settings.order, (value) => {
      setSetting("order", value);
      changed();
    }),
  );
  if (filter.cell) {
    const { network, truth, answer } = filter.cell;
    const description = `${made.names[network]} predicts ${made.classes[truth]} as ${made.classes[answer]}`;
    const drop = () => {
      filter.cell = null;
      showFilters(made, changed);
      changed();
    };
    parts.push(element("button", { type: "button", class: "chip", "aria-label": `Remove the filter: ${description}`, click: drop }, `${description} ×`));
  }
  byId("filters").replaceChildren(...parts);
}

function rightOptions(made) {
  const options = [["", "any"], ["none", made.names.length > 1 ? "none of them" : "no"]];
  if (made.names.length === 1) return [...options, ["all", "yes"]];
  const alone = made.names.map((name, place) => [`only ${place}`, `${cut(name, 24)} alone`]);
  return [...options, ...alone, ["all", "all of them"]];
}

function columnFilters(made, changed) {
  const columns = made.cells.map(({ name }, place) => [String(place), cut(name)]);
  const list = element("datalist", { id: "values" });
  const input = element("input", {
    type: "text",
    list: "values",
    value: filter.value,
    placeholder: "text, <30 or 10..20",
    autocomplete: "off",
    input: () => {
      filter.value = input.value;
      changed();
    },
  });
  const suggest = () => {
    const known = filter.column === "" ? [] : new Set(made.cells[Number(filter.column)].texts.filter((text) => text !== null));
    list.replaceChildren(...[...known].slice(0, MOST_SUGGESTED).sort(compareTexts).map((value) => element("option", { value })));
    input.disabled = filter.column === "";
  };
  const select = choice("Field", [["", "any"], ...columns], filter.column, (value) => {
    filter.column = value;
    filter.value = "";
    input.value = "";
    suggest();
    changed();
  });
  suggest();
  return [select, element("label", { class: "field" }, "Value", input, list)];
}

function compareTexts(a, b) {
  return a.localeCompare(b, "en", { numeric: true });
}

/** Return the indices of the rows that pass the filters, in the chosen order. */
export function chosenRows(made) {
  const fits = made.cells.length && filter.column !== "" ? fitOf(made.cells[Number(filter.column)].texts, filter.value) : null;
  const only = settings.only && made.classes && made.names.length > 1;
  const places = made.rows.map((_, row) => row).filter((row) => {
    if (only && !made.differs[row]) return false;
    if (filter.truth !== "" && made.truth[row] !== Number(filter.truth)) return false;
    if (filter.right && !isRight(made, row)) return false;
    if (filter.cell) {
      const { network, truth, answer } = filter.cell;
      if (made.truth[row] !== truth || made.answers[network][row] !== answer) return false;
    }
    return !fits || fits(row);
  });
  if (settings.order === "wrong") places.sort((a, b) => made.wrongness[b] - made.wrongness[a]);
  else if (settings.order === "differ" && made.names.length > 1) {
    places.sort((a, b) => made.differs[b] - made.differs[a] || made.spread[b] - made.spread[a]);
  }
  return places;
}

function isRight(made, row) {
  const right = made.right.map((of) => of[row]);
  if (filter.right === "none") return !right.includes(true);
  if (filter.right === "all") return !right.includes(false);
  const network = Number(filter.right.slice("only ".length));
  return right[network] && right.filter(Boolean).length === 1;
}

/** Return a test of a row's value: a number in a range, an equal text, or else a text that contains the value. */
function fitOf(texts, condition) {
  const value = condition.trim().toLowerCase();
  if (!value) return null;
  const number = (row) => (texts[row] === null || texts[row].trim() === "" ? NaN : Number(texts[row]));
  const range = value.match(/^(-?[\d.]+)\s*\.\.\s*(-?[\d.]+)$/);
  if (range) return (row) => number(row) >= Number(range[1]) && number(row) <= Number(range[2]);
  const bound = value.match(/^([<>]=?)\s*(-?[\d.]+)$/);
  if (bound) {
    const than = Number(bound[2]);
    const tests = { "<": (n) => n < than, "<=": (n) => n <= than, ">": (n) => n > than, ">=": (n) => n >= than };
    return (row) => tests[bound[1]](number(row));
  }
  const lower = texts.map((text) => text?.toLowerCase() ?? "");
  if (lower.includes(value)) return (row) => lower[row] === value;
  return (row) => lower[row].includes(value);
}
