// Sampled texts of networks, grouped by prompt.

import { byId, choice, element } from "./elements.js";
import { several } from "./numbers.js";
import { namesOf } from "./comparing.js";
import { setSetting, settings } from "./settings.js";

// Prompts that are initially unfolded.
const OPEN = 3;

let chosenSetting = "";

/** Draw the texts of some networks. */
export function showSamples(reports) {
  const section = byId("samples");
  section.hidden = !reports.length;
  if (section.hidden) return;
  const names = namesOf(reports);
  const prompts = new Map();
  const known = new Set();
  reports.forEach((report, network) => {
    for (const { prompt, results } of report.prompts) {
      if (!prompts.has(prompt)) prompts.set(prompt, []);
      for (const result of results) {
        const setting = settingOf(result.settings);
        known.add(setting);
        prompts.get(prompt).push({ name: names[network], joint: report.joint, setting, outputs: result.outputs });
      }
    }
  });
  // The chosen setting may not exist in these reports.
  if (!known.has(chosenSetting)) chosenSetting = "";
  const groups = element("div", { class: "prompts" });
  const draw = () => groups.replaceChildren(...[...prompts].map(([prompt, results], place) => groupOf(prompt, results, place)));
  const unfold = (open) => () => {
    for (const each of groups.querySelectorAll("details")) each.open = open;
  };
  const bar = element(
    "form",
    { class: "filters", "aria-label": "Which texts are shown", submit: (event) => event.preventDefault() },
    choice("Settings", [["", "all"], ...[...known].map((each) => [each, each])], chosenSetting, (value) => {
      chosenSetting = value;
      draw();
    }),
    choice("Texts of each", ["5", "10", "50", "all"].map((each) => [each, each]), settings.texts, (value) => {
      setSetting("texts", value);
      draw();
    }),
    element("button", { type: "button", click: unfold(true) }, "Unfold all"),
    element("button", { type: "button", click: unfold(false) }, "Fold all"),
  );
  draw();
  section.querySelector(".content").replaceChildren(bar, groups);
}

function settingOf(settings) {
  return settings.map(([name, value]) => `${name.replaceAll("_", "-")} ${value}`).join(", ") || "default settings";
}

function groupOf(prompt, results, place) {
  const those = results.filter(({ setting }) => !chosenSetting || setting === chosenSetting);
  const most = settings.texts === "all" ? Infinity : Number(settings.texts);
  const title = prompt ? element("span", {}, "After ", element("strong", {}, prompt)) : "From the beginning";
  return element(
    "details",
    { open: place < OPEN },
    element("summary", {}, title, element("span", { class: "dim" }, ` ${several(those.reduce((sum, { outputs }) => sum + outputs.length, 0), "text")}`)),
    element("div", { class: "drawn" }, those.map((result) => columnOf(prompt, result, most))),
  );
}

function columnOf(prompt, { name, joint, setting, outputs }, most) {
  const begin = prompt ? `${prompt}${joint}` : "";
  const left = outputs.length - Math.min(most, outputs.length);
  return element(
    "div",
    { class: "column" },
    element("h3", {}, name, element("span", { class: "dim" }, ` ${setting}`)),
    element("ul", { class: "plain texts" }, outputs.slice(0, most).map((text) => element("li", {}, element("span", { class: "dim" }, begin), text || (begin ? "" : "(nothing)")))),
    left ? element("p", { class: "dim" }, `and ${several(left, "more text")}`) : null,
  );
}
