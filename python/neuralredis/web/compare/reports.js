// Parse reports. Every value is checked, since a file can come from anyone.

/** An error in a file; the message continues a sentence that begins with the file's name. */
export class ReportError extends Error {}

const MOST_CLASSES = 10000;

/** Return the reports in a text: one, or all of a comparison, or samples of several networks. */
export function readReports(text) {
  let content;
  try {
    content = JSON.parse(text);
  } catch (error) {
    throw new ReportError(text.trim() ? `is not JSON: ${error.message}` : "is empty");
  }
  if (!isObject(content)) throw new ReportError("is JSON, but not a report of neuralredis");
  if (content.report === "samples") return listOf(content.networks, "networks").map(readSamples);
  if (content.report === "comparison") return listOf(content.reports, "reports").map(readAnswers);
  return [content.answers === undefined ? readFigures(content) : readAnswers(content)];
}

/** Return a report of answers, once it is checked. */
export function readAnswers(content) {
  const report = readHead(content);
  const given = objectOf(content.answers, "answers");
  report.kind = "answers";
  report.rows = listOf(given.row, "answers.row").map((row) => wholeOf(row, "answers.row"));
  const count = report.rows.length;
  if (!count) throw new ReportError("has no rows");
  report.rows.forEach((row, place) => {
    if (row < 1 || row > report.table.rows || (place && row <= report.rows[place - 1])) {
      throw new ReportError(`has row ${row}: expected rising numbers from 1 to ${report.table.rows}, the rows of its table`);
    }
  });
  const read = report.classes ? textOf : numberOf;
  report.truth = columnOf(given.truth, "answers.truth", count, read);
  report.answers = columnOf(given.predicted, "answers.predicted", count, read);
  if (report.classes) {
    const known = new Set(report.classes);
    const unknown = report.answers.find((label) => !known.has(label));
    if (unknown !== undefined) throw new ReportError(`predicts “${cut(unknown)}”, which is not one of its classes`);
    report.probabilities = columnOf(given.probabilities, "answers.probabilities", count, (row, name) =>
      columnOf(row, name, report.classes.length, shareOf),
    );
  }
  report.cells = {};
  for (const [name, column] of Object.entries(objectOf(given.cells ?? {}, "answers.cells"))) {
    report.cells[name] = columnOf(column, `answers.cells.${cut(name)}`, count, (cell, where) =>
      cell === null ? null : textOf(cell, where),
    );
  }
  return report;
}

function readFigures(content) {
  if (content.accuracy === undefined && content.mae === undefined) {
    throw new ReportError("is JSON, but not a report of neuralredis");
  }
  const report = readHead(content);
  report.kind = "figures";
  report.count = wholeOf(content.rows, "rows");
  if (report.count < 1) throw new ReportError("has no rows");
  if (report.classes) {
    report.accuracy = shareOf(content.accuracy, "accuracy");
    report.confusion = columnOf(content.confusion, "confusion", report.classes.length, (row, name) =>
      columnOf(row, name, report.classes.length, wholeOf),
    );
  } else {
    report.mae = numberOf(content.mae, "mae");
    report.rmse = numberOf(content.rmse, "rmse");
  }
  return report;
}

function readHead(content) {
  objectOf(content, "report");
  const table = objectOf(content.table ?? { name: "", rows: 0, digest: "" }, "table");
  const report = {
    network: textOf(content.network ?? "a network", "network"),
    target: textOf(content.target, "target"),
    classes: null,
    fresh: typeof content.fresh === "boolean" ? content.fresh : null,
    table: {
      name: textOf(table.name, "table.name"),
      rows: wholeOf(table.rows, "table.rows"),
      digest: textOf(table.digest, "table.digest"),
    },
  };
  if (content.classes !== undefined && content.classes !== null) {
    report.classes = listOf(content.classes, "classes").map((label) => textOf(label, "classes"));
    const count = report.classes.length;
    if (!count || count > MOST_CLASSES || new Set(report.classes).size < count) {
      throw new ReportError(`has ${count} classes: expected 1 to ${MOST_CLASSES}, each once`);
    }
  }
  return report;
}

function readSamples(content) {
  objectOf(content, "networks");
  const prompts = listOf(content.prompts, "prompts").map((prompt) => ({
    prompt: textOf(objectOf(prompt, "prompts").prompt, "prompt"),
    results: listOf(prompt.results, "results").map((result) => ({
      settings: Object.entries(objectOf(objectOf(result, "results").settings, "settings")).map(([name, value]) => [
        cut(name),
        numberOf(value, "settings"),
      ]),
      outputs: listOf(result.outputs, "outputs").map((text) => textOf(text, "outputs")),
    })),
  }));
  if (!prompts.length) throw new ReportError("has no texts");
  return { kind: "samples", network: textOf(content.network, "network"), joint: textOf(content.joint ?? "", "joint"), prompts };
}

function isObject(value) {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function objectOf(value, name) {
  if (!isObject(value)) throw new ReportError(`has no object “${name}”`);
  return value;
}

function listOf(value, name) {
  if (!Array.isArray(value)) throw new ReportError(`has no list “${name}”`);
  return value;
}

function columnOf(value, name, count, read) {
  if (!Array.isArray(value) || value.length !== count) {
    throw new ReportError(`has no list “${name}” of ${count} values`);
  }
  return value.map((each) => read(each, name));
}

function textOf(value, name) {
  if (typeof value !== "string") throw new ReportError(`has ${quoted(value)} as ${name}: expected a string`);
  return value;
}

function numberOf(value, name) {
  if (typeof value !== "number") throw new ReportError(`has ${quoted(value)} as ${name}: expected a number`);
  return value;
}

function wholeOf(value, name) {
  if (!Number.isSafeInteger(value) || value < 0) throw new ReportError(`has ${quoted(value)} as ${name}: expected an integer of at least 0`);
  return value;
}

function shareOf(value, name) {
  if (typeof value !== "number" || !(value >= 0 && value <= 1)) {
    throw new ReportError(`has ${quoted(value)} as ${name}: expected a number from 0 to 1`);
  }
  return value;
}

function quoted(value) {
  return value === undefined ? "nothing" : cut(JSON.stringify(value));
}

/** Return a text cut to a number of characters. */
export function cut(text, most = 40) {
  return text.length <= most ? text : `${text.slice(0, most - 1)}…`;
}
