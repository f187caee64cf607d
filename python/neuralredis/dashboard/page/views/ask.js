// A form made from the schema, whose prediction is updated while the user drags or types.

import { bar } from "../chart.js";
import { el, named } from "../dom.js";
import { counted, percent, plain } from "../format.js";
import { control } from "../controls.js";
import { isEvent } from "../source.js";
import { latest } from "../timing.js";

function ofClasses(data) {
  const text = data.probabilities ? percent : plain;
  const row = ({ name, probability }, at) =>
    el(
      "tr",
      { class: at ? "" : "best" },
      el("th", { scope: "row" }, named(name)),
      el("td", { class: "number" }, text(probability)),
      el("td", { class: "fill" }, bar(probability, at ? "muted" : "")),
    );
  return [
    el(
      "table",
      { class: "bars" },
      el("caption", { class: "unseen" }, "Classes"),
      el("tbody", {}, data.classes.map(row)),
    ),
    data.more ? el(
      "p",
      { class: "note" },
      `${counted(data.more, "less probable class", "less probable classes")} not shown.`,
    ) : null,
  ];
}

function ofNumbers({ numbers, level }) {
  const row = ({ name, value, low, high }) =>
    el(
      "tr",
      {},
      el("th", { scope: "row" }, named(name)),
      el("td", { class: "number" }, el("strong", {}, plain(value, 5))),
      el("td", {}, low === null ? "" : `${plain(low)} to ${plain(high)}`),
    );
  const bounded = numbers.some(({ low }) => low !== null);
  return [
    el("table", { class: "bars" }, el("caption", { class: "unseen" }, "Outputs"), el("tbody", {}, numbers.map(row))),
    bounded ? el(
      "p",
      { class: "note" },
      `Prediction intervals: they contain the outcome in ${percent(level)} of rows like the validation rows.`,
    ) : null,
  ];
}

function sequenceControl(data, changed) {
  const input = el(
    "input",
    { id: "ask-sequence", type: "text", list: "ask-sequences", autocomplete: "off", on: { input: changed } },
  );
  input.value = data.ids[0] ?? "";
  return {
    node: el(
      "div",
      { class: "control" },
      el("label", { for: "ask-sequence" }, "id of the sequence"),
      el("div", { class: "inputs" }, input),
      el("datalist", { id: "ask-sequences" }, data.ids.map((id) => el("option", { value: id }))),
    ),
    get: () => input.value,
  };
}

/** A list of events that the user adds one after the other. */
function eventsControl(event, clear, changed) {
  const events = [];
  const status = el("p", { class: "so-far", role: "status" });
  const button = (text, act) => el("button", { type: "button", on: { click: () => act() } }, text);
  const again = button("Begin again", () => {
    events.length = 0;
    show();
  });
  function show() {
    status.textContent = events.length ? `After ${counted(events.length, "event")}.` : "No events so far.";
    again.disabled = events.length === 0;
    changed();
  }
  const add = button("Add this event", () => {
    if (!isEvent(event())) return;
    events.push(event());
    clear();
    show();
  });
  return {
    node: el("div", { class: "events" }, status, add, again),
    get: () => events,
    show,
  };
}

function manyNumbers(count, changed) {
  const input = el("textarea", { id: "ask-numbers", rows: "4", on: { input: changed } });
  input.value = Array(count).fill(0).join(" ");
  return {
    node: el(
      "div",
      { class: "control" },
      el("label", { for: "ask-numbers" }, counted(count, "number")),
      el("div", { class: "inputs" }, input),
    ),
    get: () => input.value.split(/[\s,;]+/).filter(Boolean).map(Number),
  };
}

export const ask = {
  name: "ask",
  title: "Ask it",
  stays: true,
  draw(data, context) {
    const answer = el("div", { class: "answer", role: "group", "aria-label": "Answer" });
    const form = el("form", { class: "form", on: { submit: (event) => event.preventDefault() } });
    const changed = () => {
      context.row = row();
      question();
      context.bus.dispatchEvent(new Event("row"));
    };
    const many = data.fields === null ? manyNumbers(data.inputs, changed) : null;
    const controls = (data.fields ?? []).map((field, at) => control(field, `ask-${at}`, data.named, changed));
    const clear = () => controls.forEach((one) => one.set(null));
    const entered = data.sequence !== null && data.sequence.ids === null;
    const events = entered ? eventsControl(() => row(), clear, changed) : null;
    const sequence = data.sequence === null ? null : (events ?? sequenceControl(data.sequence, changed));
    if (sequence && data.fields) clear();
    const row = () => {
      if (many) return many.get();
      return Object.fromEntries(data.fields.map((field, at) => [field.name, controls[at].get()]));
    };
    const question = latest(0, async () => {
      try {
        const reply = await context.answer("ask", { row: context.row, sequence: sequence?.get() });
        if (reply.missing) answer.replaceChildren(el("p", { class: "note" }, reply.missing));
        else answer.replaceChildren(...(reply.classes ? ofClasses(reply) : ofNumbers(reply)).filter(Boolean));
      } catch (trouble) {
        answer.replaceChildren(el("p", { class: "trouble" }, trouble.message));
      }
    });
    context.bus.addEventListener("ask", (event) => {
      controls.forEach((one, at) => one.set(event.detail[at]));
      changed();
      form.scrollIntoView({ block: "nearest" });
    });
    context.bus.addEventListener("learnt", () => question());
    const nodes = entered ? [many, ...controls, events] : [sequence, many, ...controls];
    form.append(...nodes.filter(Boolean).map((one) => one.node));
    if (events) events.show();
    else changed();
    return [
      answer,
      sequence ? el(
        "p",
        { class: "note" },
        entered
          ? "The prediction after the events so far, or after one more event if values are given."
          : "The prediction for the stored sequence, or after one more event if values are given, which is not stored. " +
            "An unknown id is a sequence without events.",
      ) : null,
      form,
    ].filter(Boolean);
  },
};
