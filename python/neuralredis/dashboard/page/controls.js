// Form controls for values of fields, by the field's kind.

import { el, named } from "./dom.js";

/** Steps of a slider. */
const STEPS = 200;

function numberControl(field, id, changed) {
  const step = field.whole ? "1" : "any";
  const input = el("input", { id, type: "number", step, on: { input: typed } });
  if (field.low === null || field.low === undefined || field.low === field.high) {
    return {
      nodes: [input],
      set: (to) => (input.value = to ?? ""),
      get: () => (input.value === "" ? null : Number(input.value)),
      inputs: [input],
    };
  }
  const fine = field.whole ? 1 : (field.high - field.low) / STEPS;
  const slider = el("input", {
    type: "range",
    min: field.low,
    max: field.high,
    step: fine,
    "aria-label": `${field.name}, slider`,
    on: { input: dragged },
  });
  function dragged() {
    input.value = field.whole ? slider.value : Number(Number(slider.value).toPrecision(4));
    changed();
  }
  function typed() {
    slider.value = input.value;
    changed();
  }
  return {
    nodes: [slider, input],
    inputs: [slider, input],
    get: () => (input.value === "" ? null : Number(input.value)),
    set(to) {
      input.value = to === null ? "" : Number(to.toPrecision(6));
      slider.value = to ?? (field.low + field.high) / 2;
    },
  };
}

function textControl(field, id, changed) {
  const words = field.words.length > 0;
  const input = el(
    "input",
    {
      id,
      type: "text",
      list: words ? `${id}-words` : null,
      autocomplete: "off",
      spellcheck: "false",
      on: { input: changed },
    },
  );
  const list = words ? el(
    "datalist",
    { id: `${id}-words` },
    field.words.map((word) => el("option", { value: word })),
  ) : null;
  return {
    nodes: [input, list].filter(Boolean),
    inputs: [input],
    get: () => (input.value === "" ? null : input.value),
    set: (to) => (input.value = Array.isArray(to) ? to.join(", ") : (to ?? "")),
  };
}

function choiceControl(id, words, changed) {
  const option = (word) => el("option", { value: word }, word);
  const input = el("select", { id, on: { change: changed } }, words.map(option));
  return {
    nodes: [input],
    inputs: [input],
    get: () => input.value,
    set(to) {
      const word = to === true ? "yes" : to === false ? "no" : to;
      // A row may have a category that was added since the form was drawn.
      if (![...input.options].some((one) => one.value === word)) input.append(option(word));
      input.value = word;
    },
  };
}

function timeControl(id, changed) {
  const input = el("input", { id, type: "datetime-local", step: "60", on: { input: changed } });
  return {
    nodes: [input],
    inputs: [input],
    get: () => (input.value === "" ? null : `${input.value.slice(0, 16)}:00Z`),
    set(to) {
      const date = to === null ? null : new Date(typeof to === "number" ? to * 1000 : to);
      input.value = date === null || Number.isNaN(date.getTime()) ? "" : date.toISOString().slice(0, 16);
    },
  };
}

function vectorControl(field, id, changed) {
  const input = el(
    "input",
    { id, type: "text", placeholder: `${field.length} numbers`, autocomplete: "off", on: { input: changed } },
  );
  return {
    nodes: [input],
    inputs: [input],
    get: () => (input.value.trim() === "" ? null : input.value.split(/[\s,;]+/).filter(Boolean).map(Number)),
    set: (to) => (input.value = to === null ? "" : to.map((number) => Number(number.toPrecision(5))).join(" ")),
  };
}

function inner(field, id, changed) {
  switch (field.kind) {
    case "number":
      return numberControl(field, id, changed);
    case "auto":
      return field.words.length ? textControl(field, id, changed) : numberControl(field, id, changed);
    case "flag":
      return choiceControl(id, ["no", "yes"], changed);
    case "category":
      return field.whole ? choiceControl(id, field.words, changed) : textControl(field, id, changed);
    case "time":
      return timeControl(id, changed);
    case "vector":
      return vectorControl(field, id, changed);
    default:
      return textControl(field, id, changed);
  }
}

/**
 * A line of the form: `node`; `get()` returns the value, null for unknown; `set(value)`.
 * With `gaps` a value can be unknown.
 */
export function control(field, id, gaps, changed) {
  const found = inner(field, id, changed);
  const unknown = el("input", { type: "checkbox", "aria-label": `${field.name} unknown`, on: { change: toggled } });
  function toggled() {
    found.inputs.forEach((input) => (input.disabled = unknown.checked));
    changed();
  }
  function set(to) {
    unknown.checked = gaps && (to === null || to === undefined);
    found.inputs.forEach((input) => (input.disabled = unknown.checked));
    if (!unknown.checked) found.set(to ?? 0);
  }
  set(field.start);
  const hint = field.kind === "time" ? " (UTC)" : field.kind === "tags" ? " (separated by commas)" : "";
  return {
    set,
    get: () => (unknown.checked ? null : found.get()),
    node: el(
      "div",
      { class: "control" },
      el("label", { for: id }, gaps ? named(field.name) : `input ${field.name}`, hint),
      el("div", { class: "inputs" }, found.nodes),
      gaps ? el("label", { class: "unknown" }, unknown, "unknown") : null,
    ),
  };
}
