// The worker in which networks predict the rows of a table, so that the page stays responsive.

import { load, ready } from "../js/src/index.js";
import { decoded, digestOf, isMissing, readTable, TableError } from "./tables.js";

/** Rows between two progress messages. */
const AT_A_TIME = 2000;
const LONGEST_CELL = 300;
const PLAIN = /^[+-]?(0|[1-9]\d*)(\.\d*)?$/;

const tables = new Map();

onmessage = async ({ data }) => {
  try {
    await ready();
    const made = data.do === "table" ? await table(data) : await answers(data);
    postMessage({ id: data.id, result: made });
  } catch (error) {
    postMessage({ id: data.id, fault: error.message, byPosition: error.byPosition });
  }
};

async function table({ table: number, name, bytes }) {
  const found = readTable(decoded(bytes));
  tables.set(number, { ...found, name, digest: await digestOf(found) });
  return { columns: [...found.columns.keys()], rows: found.rows };
}

/** Return a network's predictions in the form of a report of `neuralredis evaluate --json --rows`. */
async function answers({ id, table: number, name, bytes, column }) {
  const of = tables.get(number);
  const net = await load(bytes);
  let byPosition = false;
  try {
    const { type, target, fields, classes, layout, output, sequence } = net.info();
    if (sequence) throw new TableError("is a network of sequences: expected one of rows");
    const isClassifier = type === "classifier";
    byPosition = !fields;
    if (Array.isArray(target) || (!fields && !isClassifier && layout.at(-1) > 1)) {
      throw new TableError(`has ${layout.at(-1)} outputs: expected one`);
    }
    if (isClassifier && output === "linear") throw new TableError("has linear outputs: expected probabilities");
    const outcomeColumn = target ?? column;
    const truths = columnOf(of, outcomeColumn);
    const labels = isClassifier ? (classes ?? [...Array(layout.at(-1)).keys()].map(String)) : null;
    const known = labels && new Map(labels.map((label) => [labelKey(label), label]));
    const right = truths.map((cell) => (isMissing(cell) ? undefined : known ? known.get(labelKey(cell)) : numberOf(cell)));
    const rows = right.flatMap((truth, row) => (truth === undefined ? [] : [row]));
    if (!rows.length) throw new TableError(`knows no outcome in the column “${outcomeColumn}” of ${of.name}`);
    const inputs = fields ? byName(of, fields) : inOrder(of, outcomeColumn, layout[0]);
    const answers = { row: rows.map((row) => row + 1), truth: rows.map((row) => right[row]), predicted: [] };
    if (labels) answers.probabilities = [];
    for (let begin = 0; begin < rows.length; begin += AT_A_TIME) {
      const some = rows.slice(begin, begin + AT_A_TIME);
      const given = some.map(inputs);
      const found = run(net, given, some);
      if (labels) {
        answers.probabilities.push(...found.map((answer) => labels.map((label) => answer[label])));
        answers.predicted.push(...net.classify(given).map(String));
      } else answers.predicted.push(...found.map((answer) => (fields ? answer : answer[0])));
      postMessage({ id, done: begin + some.length, of: rows.length });
    }
    answers.cells = {};
    for (const [cell, texts] of of.columns) {
      if (cell !== outcomeColumn) answers.cells[cell] = rows.map((row) => texts[row] && cut(texts[row]));
    }
    const report = { network: name, target: outcomeColumn, fresh: null, table: { name: of.name, rows: of.rows, digest: of.digest }, answers };
    return { report: labels ? { ...report, classes: labels } : report, byPosition, without: of.rows - rows.length };
  } catch (error) {
    // Another column may be the target.
    error.byPosition = byPosition;
    throw error;
  } finally {
    net.free();
  }
}

/** Predict rows. An error names the row by its number in the table. */
function run(net, given, rows) {
  try {
    return net.run(given);
  } catch (error) {
    const found = /^row (\d+): (.*)$/s.exec(error.message);
    if (!found) throw error;
    throw new TableError(`cannot predict row ${rows[found[1]] + 1}: ${found[2]}`);
  }
}

function columnOf(of, name) {
  const found = of.columns.get(name);
  if (!found) throw new TableError(`needs the column “${name}”: ${of.name} has ${[...of.columns.keys()].join(", ")}`);
  return found;
}

/** Return a function from row numbers to rows of fields. The engine parses cells by the kind of the field. */
function byName(of, fields) {
  const columns = Object.entries(fields).map(([name, kind]) => [name, valuesOf(of, name, kind)]);
  return (row) => Object.fromEntries(columns.map(([name, cells]) => [name, cells[row]]));
}

function valuesOf(of, name, kind) {
  const length = kind.startsWith("vector") ? Number(kind.split(" ")[1]) : 0;
  if (!length) return columnOf(of, name).map((cell) => (isMissing(cell) ? null : cell));
  const parts = Array.from({ length }, (_, place) => columnOf(of, `${name}_${place + 1}`));
  return parts[0].map((_, row) => (parts.some((cells) => isMissing(cells[row])) ? null : parts.map((cells) => Number(cells[row]))));
}

/** Return a function from row numbers to inputs: all columns but the target, in their order. */
function inOrder(of, target, inputs) {
  const columns = [...of.columns].filter(([name]) => name !== target);
  if (columns.length !== inputs) {
    throw new TableError(`has ${inputs} inputs: ${of.name} has ${columns.length} columns besides “${target}”`);
  }
  return (row) =>
    columns.map(([name, cells]) => {
      const value = isMissing(cells[row]) ? undefined : numberOf(cells[row]);
      if (value === undefined) throw new TableError(`cannot predict row ${row + 1}: “${name}” is ${cells[row] ?? "empty"}: expected a number`);
      return value;
    });
}

function numberOf(cell) {
  const value = Number(cell);
  return Number.isFinite(value) ? value : undefined;
}

/** Return the key that equal labels share: 1 and 1.0 are equal, 042 and 42 are not. */
function labelKey(label) {
  return PLAIN.test(label) ? String(Number(label)) : label;
}

function cut(text) {
  return text.length <= LONGEST_CELL ? text : `${text.slice(0, LONGEST_CELL - 1)}…`;
}
