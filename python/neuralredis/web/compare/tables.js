// Parse CSV files, and compute the digests that identify tables.

/** An error in a table; the message continues a sentence that begins with the file's name. */
export class TableError extends Error {}

const DELIMITERS = [",", ";", "\t", "|"];
// Words for a gap in any column; the same as in the command line.
const MISSING = new Set(["", "na", "n/a", "#n/a", "<na>", "nan", "nat", "null", "\\n", "?"]);

/** Return the text of a file: UTF-8, or else Windows-1252. */
export function decoded(bytes) {
  const view = new Uint8Array(bytes);
  if (view.subarray(0, 1 << 16).includes(0)) throw new TableError("is not text: expected a CSV file");
  try {
    return new TextDecoder("utf-8", { fatal: true }).decode(view);
  } catch {
    return new TextDecoder("windows-1252").decode(view);
  }
}

/** Return the columns of a CSV file: a map from names to lists of strings, null for an empty cell. */
export function readTable(text) {
  const lines = cellsOf(text, delimiterOf(text.slice(0, 1 << 18)));
  const names = lines.shift()?.map((name, place) => name.trim() || `column ${place + 1}`);
  if (!names) throw new TableError("is empty: expected a line with the names of the columns, and a line for each row");
  if (!lines.length) throw new TableError("has a single line: expected the names of the columns, and a line for each row");
  const twice = names.find((name, place) => names.indexOf(name) < place);
  if (twice !== undefined) throw new TableError(`has two columns that are called “${twice}”`);
  const ragged = lines.findIndex((cells) => cells.length !== names.length);
  if (ragged >= 0) throw new TableError(`has ${lines[ragged].length} cells in row ${ragged + 1}, and its first line ${names.length} names`);
  const columns = names.map((name, place) => [name, lines.map((cells) => cells[place].trim() || null)]);
  return { columns: new Map(columns), rows: lines.length };
}

/** Whether a cell is a gap. */
export function isMissing(cell) {
  return cell === null || MISSING.has(cell.toLowerCase());
}

function delimiterOf(text) {
  const first = text.replace(/"[^"]*"/g, "").split(/\r\n|\r|\n/).find((line) => line.trim()) ?? "";
  const counts = DELIMITERS.map((sign) => first.split(sign).length);
  return DELIMITERS[counts.indexOf(Math.max(...counts))];
}

function cellsOf(text, delimiter) {
  const lines = [];
  const ends = new RegExp(delimiter === "|" ? /[|\r\n]/ : `[${delimiter}\r\n]`, "g");
  let cells = [];
  let place = 0;
  while (place < text.length) {
    let cell = "";
    if (text[place] === '"') {
      const begin = place;
      for (;;) {
        const end = text.indexOf('"', place + 1);
        if (end < 0) {
          const line = text.slice(0, begin).split("\n").length;
          throw new TableError(`has an unclosed quotation mark in line ${line}`);
        }
        cell += text.slice(place + 1, end);
        place = end + 1;
        if (text[place] !== '"') break;
        cell += '"';
      }
    }
    ends.lastIndex = place;
    const end = ends.exec(text)?.index ?? text.length;
    cells.push(cell + text.slice(place, end));
    place = end + 1;
    if (text[end] === delimiter && place < text.length) continue;
    if (text[end] === delimiter) cells.push("");
    if (text[end] === "\r" && text[place] === "\n") place += 1;
    // Lines without anything are no rows.
    if (cells.length > 1 || cells[0].trim()) lines.push(cells);
    cells = [];
  }
  return lines;
}

/**
 * Return the digest of a table: SHA-256 of its cells, the same as in `neuralredis evaluate --json`, so that its reports can be
 * compared with networks on this page. Browsers have no SHA-256 on pages without HTTPS: there the digest is another text.
 */
export async function digestOf(table) {
  const encoder = new TextEncoder();
  const parts = [];
  // In the order of code points, as Python sorts.
  for (const name of [...table.columns.keys()].sort(byCodePoints)) {
    const cells = table.columns.get(name);
    const places = new Map();
    const codes = new BigInt64Array(cells.length);
    cells.forEach((cell, row) => {
      if (cell !== null && !places.has(cell)) places.set(cell, places.size);
      codes[row] = BigInt(cell === null ? -1 : places.get(cell));
    });
    for (const text of [name, ...places.keys()]) {
      const data = encoder.encode(text);
      parts.push(new BigUint64Array([BigInt(data.length)]), data);
    }
    parts.push(codes);
  }
  if (!globalThis.crypto?.subtle) return `${table.rows} rows of ${[...table.columns.keys()].join(", ")}`;
  const found = await crypto.subtle.digest("SHA-256", await new Blob(parts).arrayBuffer());
  return [...new Uint8Array(found)].map((byte) => byte.toString(16).padStart(2, "0")).join("");
}

function byCodePoints(a, b) {
  const [first, second] = [Array.from(a), Array.from(b)];
  const at = first.findIndex((letter, place) => letter !== second[place]);
  return at < 0 ? first.length - second.length : second[at] === undefined ? 1 : first[at].codePointAt(0) - second[at].codePointAt(0);
}
