// The files and URLs of reports, networks and tables, in the order in which they were added.

import { askNetworks, isNetwork, isTable } from "./asking.js";
import { byId, choice, element } from "./elements.js";
import { several } from "./numbers.js";
import { cut, readReports, ReportError } from "./reports.js";

// Parsing larger files would block the browser for too long.
const MOST_BYTES = 300e6;

/** Files and URLs: each with its name, state, message, and its reports once they are read. */
export const entries = [];

let show = () => {};

/** Have networks predict, and update the page. */
function changed() {
  askNetworks(entries, (entry) => (entry ? showFiles() : changed()));
  show();
}

/** Accept files that are dropped or chosen, and URLs; `then` is called after each change. */
export function watchFiles(then) {
  show = then;
  const drop = byId("drop");
  for (const name of ["dragenter", "dragover"]) {
    document.addEventListener(name, (event) => {
      event.preventDefault();
      drop.classList.add("over");
    });
  }
  document.addEventListener("dragleave", (event) => {
    if (!event.relatedTarget) drop.classList.remove("over");
  });
  document.addEventListener("drop", (event) => {
    event.preventDefault();
    drop.classList.remove("over");
    addFiles(event.dataTransfer.files);
  });
  byId("choose").addEventListener("click", () => byId("chosen").click());
  byId("chosen").addEventListener("change", (event) => {
    addFiles(event.target.files);
    // Otherwise choosing the same file again would not raise an event.
    event.target.value = "";
  });
  byId("addresses-form").addEventListener("submit", (event) => {
    event.preventDefault();
    const given = byId("addresses").value.split(/\s+/).filter(Boolean);
    history.pushState(null, "", addressOf(given));
    loadAddresses(given);
  });
  window.addEventListener("popstate", loadFromAddress);
}

/** Load the reports that the page's URL names. */
export function loadFromAddress() {
  const given = new URLSearchParams(location.search).getAll("report");
  byId("addresses").value = given.join("\n");
  byId("by-address").open = given.length > 0;
  loadAddresses(given);
}

/** Add a report from its text. */
export function addText(name, text) {
  const entry = add({ name });
  read(entry, text);
}

function addressOf(given) {
  const query = new URLSearchParams(given.map((each) => ["report", each]));
  return given.length ? `?${query}` : location.pathname;
}

function add(entry) {
  entries.push({ reports: [], state: "loading", message: "loading …", ...entry });
  return entries.at(-1);
}

function remove(entry) {
  entries.splice(entries.indexOf(entry), 1);
  if (entry.address) {
    const left = entries.filter((each) => each.address).map((each) => each.address);
    byId("addresses").value = left.join("\n");
    history.replaceState(null, "", addressOf(left));
  }
  changed();
}

function addFiles(files) {
  for (const file of files) {
    const entry = add({ name: file.name });
    if (file.size > MOST_BYTES) {
      fail(entry, `is ${(file.size / 1e6).toFixed(0)} MB: expected at most ${MOST_BYTES / 1e6} MB`);
    } else {
      file.arrayBuffer().then(
        (bytes) => take(entry, file.name, bytes),
        () => fail(entry, "cannot be read"),
      );
    }
  }
  changed();
}

function loadAddresses(given) {
  // Remove URLs that are not named any more; files stay.
  for (const entry of [...entries]) if (entry.address && !given.includes(entry.address)) entries.splice(entries.indexOf(entry), 1);
  for (const address of given) {
    if (entries.some((entry) => entry.address === address && entry.state !== "error")) continue;
    const before = entries.find((entry) => entry.address === address);
    if (before) entries.splice(entries.indexOf(before), 1);
    load(add({ name: cut(address, 80), address }));
  }
  changed();
}

async function load(entry) {
  if (!URL.canParse(entry.address, location.href)) {
    fail(entry, "is not a URL");
    return;
  }
  try {
    const url = new URL(entry.address, location.href);
    if (!/^https?:$/.test(url.protocol)) throw new ReportError("is not a URL that begins with http:// or https://");
    const reply = await fetch(url, { credentials: "same-origin" });
    if (!reply.ok) throw new ReportError(`cannot be loaded: HTTP status ${reply.status} ${reply.statusText}`.trim());
    take(entry, url.pathname, await reply.arrayBuffer());
  } catch (error) {
    if (error instanceof ReportError) fail(entry, error.message);
    else fail(entry, "cannot be loaded: the server does not respond, or does not allow requests from this page (CORS)");
  }
}

/** Read a file by its kind: a network, a table, or else a report. */
function take(entry, name, bytes) {
  const kind = isNetwork(bytes) ? "network" : isTable(name) ? "table" : null;
  if (kind === null) {
    read(entry, new TextDecoder().decode(bytes));
    return;
  }
  Object.assign(entry, { kind, bytes });
  changed();
}

function read(entry, text) {
  try {
    entry.reports = readReports(text);
    entry.state = "ready";
    changed();
  } catch (error) {
    if (!(error instanceof ReportError)) throw error;
    fail(entry, error.message);
  }
}

function fail(entry, message) {
  Object.assign(entry, { state: "error", message, reports: [] });
  changed();
}

function described(entry, report) {
  if (report.kind === "samples") {
    const texts = report.prompts.flatMap((prompt) => prompt.results).reduce((sum, result) => sum + result.outputs.length, 0);
    return `${report.network}, ${several(texts, "text")}`;
  }
  const rows = several(report.kind === "answers" ? report.rows.length : report.count, "row");
  const of = `${rows} of ${report.table.name || "a table"}`;
  return entry.kind === "network" ? of : `${report.network}, ${of}`;
}

/** Draw the list of files and URLs, each with its state or error. */
export function showFiles() {
  byId("files").classList.toggle("compact", entries.some((entry) => entry.state === "ready"));
  byId("loaded").replaceChildren(
    ...entries.map((entry) => {
      const wrong = entry.state === "error" ? entry.message : entry.unfit;
      return element(
        "li",
        { class: wrong ? "wrong" : entry.state },
        element("strong", {}, entry.name),
        " ",
        element("span", {}, wrong ?? (entry.state === "ready" ? entry.reports.map((report) => described(entry, report)).join("; ") : entry.message)),
        entry.note || entry.aside ? element("span", { class: "dim" }, ` ${[entry.note, entry.aside].filter(Boolean).join(" ")}`) : null,
        element("button", { type: "button", class: "quiet", "aria-label": `Remove ${entry.name}`, click: () => remove(entry) }, "Remove"),
        entry.choosable && entry.columns ? columnOf(entry) : null,
      );
    }),
  );
}

/** Return a select for the target, which networks without fields do not name. */
function columnOf(entry) {
  return choice("Target", entry.columns.map((name) => [name, cut(name)]), entry.column, (column) => {
    entry.column = column;
    changed();
  });
}
