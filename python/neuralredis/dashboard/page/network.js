// The page of a network: its head, and one section for each view.

import { el, named } from "./dom.js";
import { bytes, count, counted, seconds } from "./format.js";
import { VIEWS } from "./views/all.js";

/** The facts in the head. */
export function facts(network) {
  const what = network.sequences ? "sequences" : "rows";
  const all = [
    [`training ${what}`, `${count(network.train)} of ${count(network.train_most)}`],
    [`validation ${what}`, `${count(network.test)} of ${count(network.test_most)}`],
    ["trained", network.cycles ? `${counted(network.cycles, "cycle")}, ${seconds(network.seconds)}` : "not yet"],
    ["parameters", count(network.parameters)],
    ["ensemble members", network.members > 1 ? count(network.members) : null],
    ["memory", bytes(network.memory)],
  ];
  return el(
    "dl",
    { class: "facts" },
    all.filter(([, text]) => text !== null).map(
      ([name, text]) => el("div", {}, el("dt", {}, name), el("dd", {}, text)),
    ),
  );
}

/** State that the views of a page share: the row of the form, and an event target. */
export function context(source, key, network) {
  return {
    asks: source.asks,
    row: null,
    bus: new EventTarget(),
    network,
    shows: (view) => network.views.includes(view),
    data: (view) => source.view(key, view),
    answer: (view, sent) => source.answer(key, view, sent),
  };
}

function section(view, shared, wide) {
  const body = el("div", { class: "body", "aria-busy": "true" }, el("p", { class: "note" }, "…"));
  const node = el(
    "section",
    { class: wide ? "wide" : "", id: view.name, "aria-labelledby": `${view.name}-title` },
    el("h2", { id: `${view.name}-title` }, view.title),
    body,
  );
  // Replies may arrive in another order than their requests; only that of the latest request is shown.
  let requests = 0;
  async function load() {
    const request = ++requests;
    let shown;
    try {
      const data = await shared.data(view.name);
      if (request !== requests) return;
      shown = data.missing ? [el("p", { class: "note" }, data.missing)] : view.draw(data, shared);
    } catch (trouble) {
      if (request !== requests) return;
      shown = [el("p", { class: "trouble" }, trouble.message)];
    }
    body.replaceChildren(...shown.filter(Boolean));
    body.removeAttribute("aria-busy");
  }
  return { view, node, load, refresh: () => (requests ? load() : undefined) };
}

/** The sections of a network's views; each loads its data when it is scrolled into view. */
export function sections(shared) {
  const views = VIEWS.filter((view) => shared.network.views.includes(view.name));
  const made = views.map((view, at) => {
    // Two sections share a line; a single one takes the whole width.
    let before = 0;
    while (at - before > 0 && !views[at - before - 1].wide) before++;
    const next = views[at + 1];
    const alone = before % 2 === 0 && (next === undefined || next.wide);
    return section(view, shared, view.wide || alone);
  });
  const seen = new IntersectionObserver(
    (entries) => {
      for (const entry of entries.filter((one) => one.isIntersecting)) {
        seen.unobserve(entry.target);
        made.find((one) => one.node === entry.target).load();
      }
    },
    { rootMargin: "300px" },
  );
  if (shared.asks) made.forEach((one) => seen.observe(one.node));
  else made.forEach((one) => one.load());
  return {
    nodes: made.map((one) => one.node),
    /** Reloads all sections but forms, which repeat their request; with `live` only those that follow a training. */
    refresh(live) {
      made.filter((one) => (live ? one.view.live : !one.view.stays)).forEach((one) => one.refresh());
      if (!live) shared.bus.dispatchEvent(new Event("learnt"));
    },
    close: () => seen.disconnect(),
  };
}

/** The title of a network's page. */
export function title(network) {
  return [
    el("h1", { tabindex: "-1" }, named(network.name)),
    el(
      "p",
      { class: "subtitle" },
      network.title,
      network.target === null ? "" : [", predicts ", named([network.target].flat().join(", "))],
    ),
  ];
}

/** Warnings of the last training. */
export function warnings(network) {
  return network.warnings.map((warning) => el("p", { class: "warning" }, warning));
}
