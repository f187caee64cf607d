// Converts callers' rows for the engine: arrays of numbers by position, or objects by names of fields.

import { ShapeError, DataError } from "./errors.js";

/** Returns whether a value is a typed array or a list of scalars. */
export function isVector(value) {
  return ArrayBuffer.isView(value) || (Array.isArray(value) && !value.some((item) => typeof item === "object" && item !== null));
}

/** Returns whether a value is one row: an object, or a list of numbers. With one input, a list of numbers is many rows. */
export function isOne(rows, width) {
  if (isVector(rows)) return !(width === 1 && rows.length !== 1);
  return !Array.isArray(rows);
}

/** Singular forms, for messages. */
const ONE = { inputs: "input", outputs: "output", classes: "class" };

/**
 * Returns the numbers of all rows in row-major order, and the number of rows.
 * @throws {ShapeError} if a row does not have `width` numbers
 * @throws {DataError} if a value is not a number
 */
export function matrix(rows, width, what) {
  if (typeof rows !== "object" || rows === null || !rows[Symbol.iterator]) {
    throw new ShapeError(`${what} are ${show(rows)}: expected numbers by their positions`);
  }
  const list = isVector(rows) ? (width === 1 && rows.length !== 1 ? [...rows].map((x) => [x]) : [rows]) : [...rows];
  const values = new Float32Array(list.length * width);
  list.forEach((row, index) => {
    const where = list.length > 1 ? `row ${index}: ` : "";
    const own = isVector(row) ? row : typeof row === "number" || typeof row === "boolean" ? [row] : undefined;
    if (own === undefined) throw new ShapeError(`${where}${what} are ${show(row)}: expected numbers`);
    if (own.length !== width) throw new ShapeError(`${where}the network has ${width} ${width === 1 ? ONE[what] : what}, ${own.length} ${own.length === 1 ? "was" : "were"} given`);
    for (let at = 0; at < width; at++) values[index * width + at] = number(own[at], where, what, at);
  });
  return { values, rows: list.length };
}

function number(value, where, what, at) {
  if (typeof value === "number" || typeof value === "boolean" || typeof value === "bigint") return Number(value);
  throw new DataError(`${where}${ONE[what]} ${at} is ${show(value)}: expected a number`);
}

/** Formats a value for an error message, in at most 60 characters. */
export function show(value) {
  const text = typeof value === "string" ? `'${value}'` : typeof value === "object" ? JSON.stringify(value) : String(value);
  return text.length > 60 ? `${text.slice(0, 57)}...` : text;
}

/** Serializes rows of fields as JSON. Missing values are null, undefined, NaN or left out; dates become ISO strings. */
export function json(rows) {
  return JSON.stringify(rows, (name, value) => {
    if (typeof value === "bigint") return Number(value);
    if (ArrayBuffer.isView(value)) return Array.from(value);
    if (typeof value === "number" && !Number.isNaN(value) && !Number.isFinite(value)) {
      throw new DataError(`field ${name} is ${value}: expected a finite number`);
    }
    return value;
  });
}

/** Returns one row or many as a list of objects. An object of columns is not accepted. */
export function objects(rows) {
  const list = Array.isArray(rows) ? rows : typeof rows === "object" && rows !== null && rows[Symbol.iterator] ? [...rows] : [rows];
  list.forEach((row, index) => {
    if (typeof row !== "object" || row === null || Array.isArray(row) || ArrayBuffer.isView(row)) {
      const where = list.length > 1 ? `row ${index} is` : "the row is";
      throw new ShapeError(`${where} ${show(row)}: the network has fields: expected an object of fields`);
    }
  });
  return list;
}

/** Returns a row with its outcome added, under the names of the targets. */
export function withOutcome(row, outcome, targets) {
  if (targets.length === 1) return { ...row, [targets[0]]: outcome };
  if (Array.isArray(outcome)) return { ...row, ...Object.fromEntries(targets.map((name, at) => [name, outcome[at]])) };
  return { ...row, ...outcome };
}

/** Returns the weight of each row, from one for all or one for each; undefined if there are none. */
export function weights(weight, rows) {
  if (weight === undefined || weight === null) return undefined;
  return typeof weight === "number" ? new Array(rows).fill(weight) : Array.from(weight);
}
