// The contribution of each value of a row to its prediction.

import { el, named } from "../dom.js";
import { counted, percent, plain, signed } from "../format.js";
import { latest } from "../timing.js";

/** The class or output that is explained: a choice in the dashboard, a name in a report. */
function chosen({ label, labels }, choose) {
  if (!choose || labels.length < 2) return named(label);
  const select = el(
    "select",
    { class: "inline", "aria-label": "Class or output to explain", on: { change: () => choose(select.value) } },
    labels.map((name) => el("option", { value: name, selected: name === label }, name)),
  );
  return select;
}

function drawn(data, choose) {
  const low = Math.max(...data.shares.map(({ share }) => -share), 0);
  const high = Math.max(...data.shares.map(({ share }) => share), 0);
  const whole = low + high || 1;
  const zero = `${((low / whole) * 100).toFixed(1)}%`;
  // Contributions add up in log-odds, but the sentence has probabilities.
  const text = data.odds ? (odds) => percent(1 / (1 + Math.exp(-odds))) : (number) => plain(number);
  const row = ({ name, share }) =>
    el(
      "tr",
      {},
      el("th", { scope: "row" }, named(name)),
      el("td", { class: "number" }, signed(share)),
      el(
        "td",
        { class: "fill" },
        el(
          "span",
          { class: "around", "aria-hidden": "true", style: { "--zero": zero } },
          el(
            "span",
            {
              class: share < 0 ? "against" : "for",
              style: { width: `${((Math.abs(share) / whole) * 100).toFixed(1)}%` },
            },
          ),
          el("span", { class: "zero" }),
        ),
      ),
    );
  return [
    el(
      "p",
      {},
      "Why ",
      chosen(data, choose),
      ` is ${text(data.answer)}, average ${text(data.mean)}${data.odds ? " (contributions in log-odds)" : ""}:`,
    ),
    el(
      "table",
      { class: "bars reasons" },
      el("caption", { class: "unseen" }, "Contribution of each value"),
      el("tbody", {}, data.shares.map(row)),
    ),
    el(
      "p",
      { class: "note" },
      `Bars to the right raise the prediction, to the left lower it, compared with ${counted(data.rows, "row")}.`,
      data.sampled ? " With this many fields, contributions are estimates." : "",
      data.typical ? " The row is synthetic: the median or most common category of each field." : "",
    ),
  ];
}

export const reasons = {
  name: "reasons",
  title: "Reasons",
  stays: true,
  draw(data, context) {
    if (!context.asks) return drawn(data);
    const place = el("div", {}, el("p", { class: "note" }, "Reasons for the prediction of the form's row."));
    let label = null;
    const choose = (name) => {
      label = name;
      question();
    };
    const question = latest(150, async () => {
      try {
        const reply = await context.answer("reasons", { row: context.row, label });
        const focused = place.contains(document.activeElement);
        place.replaceChildren(...(reply.missing ? [el("p", { class: "note" }, reply.missing)] : drawn(reply, choose)));
        if (focused) place.querySelector("select")?.focus();
      } catch (trouble) {
        place.replaceChildren(el("p", { class: "trouble" }, trouble.message));
      }
    });
    context.bus.addEventListener("row", question);
    context.bus.addEventListener("learnt", question);
    if (context.row !== null) question();
    return [place];
  },
};
