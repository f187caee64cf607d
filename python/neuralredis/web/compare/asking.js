// Networks and tables among the files: a worker with the engine predicts the rows of the last table.

import { ReportError, readAnswers } from "./reports.js";
import { countOf, several } from "./numbers.js";

/** The engine, if the site was built with it. */
const ENGINE = "../js/neuralredis.wasm";
const WITHOUT =
  "is a network, and this page was built without the engine for browsers: build the site by “make wasm docs”, or use " +
  "“neuralredis compare a.nr b.nr --data rows.csv --html page.html”";

let engine;
let serial = 0;
const waiting = new Map();

/** Return the worker, or null without the engine. */
function worker() {
  engine ??= start();
  return engine;
}

async function start() {
  // A page that is opened as a file cannot load the engine; nor may one that has its report inside.
  if (!location.protocol.startsWith("http") || document.getElementById("report")) return null;
  const there = await fetch(new URL(ENGINE, location.href), { method: "HEAD" }).catch(() => null);
  if (!there?.ok) return null;
  const made = new Worker(new URL("asker.js", location.href), { type: "module" });
  made.onmessage = ({ data }) => {
    const { resolve, reject, progress } = waiting.get(data.id);
    if (data.done !== undefined) {
      progress(data);
      return;
    }
    waiting.delete(data.id);
    if (data.fault === undefined) resolve(data.result);
    else reject(Object.assign(new ReportError(data.fault), { byPosition: data.byPosition }));
  };
  made.onerror = (event) => {
    for (const { reject } of waiting.values()) reject(new ReportError(`cannot predict: ${event.message ?? "the engine cannot be loaded"}`));
    waiting.clear();
  };
  return made;
}

async function ask(request, progress) {
  const to = await worker();
  if (!to) throw new ReportError(WITHOUT);
  const id = ++serial;
  return new Promise((resolve, reject) => {
    waiting.set(id, { resolve, reject, progress });
    to.postMessage({ id, ...request });
  });
}

/** Whether a file is a network, by its first bytes. */
export function isNetwork(bytes) {
  return new TextDecoder("latin1").decode(bytes.slice(0, 6)) === "neural";
}

/** Whether a file is a table, by its name. */
export function isTable(name) {
  return /\.(csv|tsv|tab|txt)$/i.test(name);
}

/** Have each network predict the last table, once; `changed` is called after each step. */
export function askNetworks(entries, changed) {
  const tables = entries.filter((entry) => entry.kind === "table" && entry.state !== "error");
  const table = tables.at(-1);
  for (const entry of tables) {
    if (entry.columns) entry.message = `${several(entry.rows, "row")}, ${several(entry.columns.length, "column")}`;
    entry.aside = entry === table ? undefined : "(unused: networks predict the last table)";
    if (!entry.read) readTable(entry, changed);
  }
  const networks = entries.filter((entry) => entry.kind === "network");
  if (table) table.choosable = networks.some((entry) => entry.byPosition);
  for (const entry of networks) {
    const about = !table ? "nothing" : table.columns ? `${table.number} ${table.column}` : "a table that loads";
    if (entry.about === about) continue;
    Object.assign(entry, { about, reports: [] });
    if (!table) wait(entry, changed);
    else if (table.columns) answer(entry, table, about, changed);
    else Object.assign(entry, { state: "loading", message: "waiting for the table …" });
  }
}

async function wait(entry, changed) {
  Object.assign(entry, { state: "waiting", message: "is a network: add a CSV file of rows with their outcomes" });
  if (await worker()) return;
  Object.assign(entry, { state: "error", message: WITHOUT });
  changed();
}

async function readTable(entry, changed) {
  entry.read = true;
  entry.number = ++serial;
  try {
    const { columns, rows } = await ask({ do: "table", table: entry.number, name: entry.name.split("/").at(-1), bytes: entry.bytes });
    Object.assign(entry, { state: "waiting", columns, rows, column: columns.at(-1) });
  } catch (error) {
    if (!(error instanceof ReportError)) throw error;
    const message = error.message === WITHOUT ? "is a table for networks, and this page was built without the engine for browsers" : error.message;
    Object.assign(entry, { state: "error", message });
  }
  changed();
}

async function answer(entry, table, about, changed) {
  Object.assign(entry, { state: "loading", message: "predicting …", aside: undefined });
  const progress = ({ done, of }) => {
    if (entry.about !== about || done === of) return;
    entry.message = `predicted ${countOf(done)} of ${several(of, "row")} …`;
    changed(entry);
  };
  const request = { do: "answer", table: table.number, name: entry.name.split("/").at(-1), bytes: entry.bytes, column: table.column };
  try {
    const { report, byPosition, without } = await ask(request, progress);
    if (entry.about !== about) return;
    Object.assign(entry, { state: "ready", reports: [readAnswers(report)], byPosition });
    entry.aside = without ? `(${several(without, "row")} without a known outcome left out)` : undefined;
  } catch (error) {
    if (!(error instanceof ReportError)) throw error;
    if (entry.about !== about) return;
    Object.assign(entry, { state: "error", message: error.message, byPosition: error.byPosition });
  }
  changed();
}
