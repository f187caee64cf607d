// The dashboard: routes, and polling.

import { el } from "./dom.js";
import { isLong, list } from "./list.js";
import { context, facts, sections, title, warnings } from "./network.js";
import { Live } from "./source.js";
import { every } from "./timing.js";
import { buttons, possible, progress } from "./training.js";

/** Milliseconds between two polls: usually; while a training runs; after an error. */
const CALM = 3000;
const LIVE = 500;
const TROUBLED = 3000;

const KEPT = "neuralredis-token";

function token() {
  const given = /^#token=([\w-]+)$/.exec(location.hash);
  if (given) {
    // Stored for this tab, and removed from the URL, which may be seen or shared.
    sessionStorage.setItem(KEPT, given[1]);
    history.replaceState(null, "", location.pathname + location.search + "#/");
  }
  return sessionStorage.getItem(KEPT) ?? "";
}

const place = el("span", { class: "place" });
const trouble = el("div", { role: "alert" });
const main = el("main", {});
const source = new Live(token());
let polled = null;
let closed = () => {};

function troubled(error) {
  trouble.replaceChildren(...(error ? [el("p", { class: "trouble banner" }, error.message)] : []));
}

function known(listing) {
  troubled(null);
  place.replaceChildren(listing.place);
}

/** Calls `work` repeatedly; it returns the milliseconds to wait before the next call. */
function poll(work) {
  let pause = CALM;
  polled = every(
    () => pause,
    async () => {
      try {
        pause = await work();
      } catch (error) {
        if (!(error instanceof Error) || error.status === undefined) throw error;
        troubled(error);
        pause = TROUBLED;
      }
    },
  );
}

function showList() {
  document.title = "Networks - neuralredis";
  const filter = el(
    "input",
    { type: "search", "aria-label": "Filter by name", placeholder: "Filter by name", on: { input: () => draw() } },
  );
  const shown = el("div", {}, el("p", { class: "note" }, "…"));
  let listing = null;
  function draw() {
    const focused = document.activeElement?.getAttribute("href");
    filter.hidden = !isLong(listing);
    shown.replaceChildren(...list(listing, filter.value));
    // Restore the focus, since the link that had it was replaced.
    if (focused) [...shown.querySelectorAll("a")].find((link) => link.getAttribute("href") === focused)?.focus();
  }
  filter.hidden = true;
  main.replaceChildren(el("div", { class: "head" }, el("h1", { tabindex: "-1" }, "Networks"), filter), shown);
  poll(async () => {
    listing = await source.networks();
    known(listing);
    draw();
    return listing.searching || listing.networks.some((network) => network.running) ? 1000 : CALM;
  });
}

function showNetwork(key, moved) {
  const head = el("div", { class: "titles" });
  const now = el("div", {});
  const acting = el("div", {});
  const below = el("div", {});
  const grid = el("div", { class: "sections" });
  main.replaceChildren(
    el("nav", { "aria-label": "Back" }, el("a", { href: "#/" }, "Networks")),
    el("div", { class: "head" }, head, el("div", { class: "training" }, now, acting), below),
    grid,
  );
  let shared = null;
  let stamp = null;
  let ran = false;
  let can = "";
  let shows = "";
  let drawn = null;
  closed = () => drawn?.close();
  const acts = {
    async train(sent) {
      await source.train(key, sent);
      polled.now();
    },
    async stop() {
      await source.stop(key);
      polled.now();
    },
  };
  poll(async () => {
    const network = await source.network(key);
    known(network);
    document.title = `${network.name} - neuralredis`;
    now.replaceChildren(...progress(network));
    // Redraw buttons only if they change: a click on a button that is replaced meanwhile would be lost.
    if (can !== possible(network)) acting.replaceChildren(...buttons(network, acts));
    can = possible(network);
    below.replaceChildren(
      facts(network),
      ...(network.note ? [el("p", { class: "warning" }, network.note)] : []),
      ...warnings(network),
    );
    if (shows !== network.views.join()) {
      // The first time, or if the key now holds another network.
      shows = network.views.join();
      drawn?.close();
      head.replaceChildren(...title(network));
      // Move the focus so that screen readers announce the new page.
      if (moved) head.querySelector("h1").focus();
      moved = false;
      shared = context(source, key, network);
      drawn = sections(shared);
      grid.replaceChildren(...drawn.nodes);
    } else if (stamp !== network.stamp) {
      drawn.refresh(false);
    } else if (network.running || ran) {
      // Once more after the end: the server polls trainings less often, so the last reply may still show one.
      drawn.refresh(true);
    }
    stamp = network.stamp;
    ran = Boolean(network.running);
    return network.running || network.training ? LIVE : CALM;
  });
}

function route(moved) {
  polled?.stop();
  closed();
  closed = () => {};
  troubled(null);
  const found = /^#\/n\/(k[\w-]*)$/.exec(location.hash);
  if (found) showNetwork(found[1], moved);
  else showList();
  if (moved) {
    scrollTo(0, 0);
    main.querySelector("h1")?.focus();
  }
}

document.getElementById("page").replaceChildren(
  el("header", { class: "top" }, el("a", { class: "brand", href: "#/" }, "neuralredis"), place),
  trouble,
  main,
);
addEventListener("hashchange", () => {
  if (/^#token=/.test(location.hash)) location.reload();
  else route(true);
});
route(false);
