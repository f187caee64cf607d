// Join the predictions of several networks for the same rows.

import { cut, ReportError } from "./reports.js";
import { holm, mcnemar, meanInterval, pairedT, shareDifference, wilson } from "./statistics.js";

// p-value below which a difference is significant.
const CHANCE = 0.05;
const ONE_WAY = /^[+-]?(0|[1-9]\d*)(\.\d*)?$/;

/** Return a key that is equal for texts of the same class: 1 and 1.0 are the same, 042 and 42 are not. */
function labelKey(label) {
  return ONE_WAY.test(label) ? String(Number(label)) : label;
}

/** Throw ReportError if a report has another target or another table than the first one. */
export function checkFits(first, one) {
  if (one.target !== first.target) {
    throw new ReportError(`predicts “${cut(one.target)}”, and ${cut(first.network)} “${cut(first.target)}”`);
  }
  if (!one.classes !== !first.classes) {
    const kinds = [one, first].map((each) => (each.classes ? "classes" : "numbers"));
    throw new ReportError(`predicts ${kinds[0]}, and ${cut(first.network)} ${kinds[1]}`);
  }
  if (one.kind === "figures" || first.kind === "figures") return;
  if (one.table.digest !== first.table.digest) {
    const names = [one, first].map((each) => `${cut(each.table.name)} (${each.table.rows} rows)`);
    throw new ReportError(`has predictions for ${names[0]}, and ${cut(first.network)} for another table, ${names[1]}`);
  }
  const right = new Map(first.rows.map((row, place) => [row, first.truth[place]]));
  let shared = 0;
  one.rows.forEach((row, place) => {
    if (!right.has(row)) return;
    shared += 1;
    const [truth, other] = [right.get(row), one.truth[place]];
    if (first.classes ? labelKey(truth) !== labelKey(other) : truth !== other) {
      throw new ReportError(`has other outcomes than ${cut(first.network)}, such as in row ${row}`);
    }
  });
  if (!shared) throw new ReportError(`has no row in common with ${cut(first.network)}`);
}

/** Return the reports' names, made unique by numbers. */
export function namesOf(reports) {
  const names = [];
  for (const { network } of reports) {
    let name = network;
    for (let number = 2; names.includes(name); number += 1) name = `${network} (${number})`;
    names.push(name);
  }
  return names;
}

/** Return a comparison of reports that `checkFits` accepts; null if they have no row in common. */
export function compareReports(reports) {
  const places = reports.map((report) => new Map(report.rows.map((row, place) => [row, place])));
  const rows = reports[0].rows.filter((row) => places.every((known) => known.has(row)));
  if (!rows.length) return null;
  const at = places.map((known) => rows.map((row) => known.get(row)));
  const made = {
    names: namesOf(reports),
    target: reports[0].target,
    table: reports[0].table,
    fresh: reports.map((report) => report.fresh),
    rows,
    cells: cellsOf(reports, at),
  };
  if (reports[0].classes) joinClasses(made, reports, at);
  else joinNumbers(made, reports, at);
  made.pairs = pairsOf(made);
  return made;
}

function cellsOf(reports, at) {
  const place = Math.max(0, reports.findIndex((report) => Object.keys(report.cells).length));
  return Object.entries(reports[place].cells).map(([name, column]) => ({ name, texts: at[place].map((row) => column[row]) }));
}

function joinClasses(made, reports, at) {
  const labels = new Map();
  const add = (label) => labels.has(labelKey(label)) || labels.set(labelKey(label), { place: labels.size, label });
  reports.forEach((report) => report.classes.forEach(add));
  reports.forEach((report) => report.truth.forEach(add));
  const place = (label) => labels.get(labelKey(label)).place;
  made.classes = [...labels.values()].map(({ label }) => label);
  made.truth = at[0].map((row) => place(reports[0].truth[row]));
  made.answers = reports.map((report, network) => at[network].map((row) => place(report.answers[row])));
  made.probabilities = reports.map((report, network) => {
    const columns = report.classes.map(place);
    return at[network].map((row) => {
      const likely = new Array(made.classes.length).fill(0);
      report.probabilities[row].forEach((share, column) => {
        likely[columns[column]] = share;
      });
      return likely;
    });
  });
  made.differs = made.truth.map((_, row) => made.answers.some((answers) => answers[row] !== made.answers[0][row]));
  made.spread = made.truth.map((truth, row) => {
    const likely = made.probabilities.map((of) => of[row][truth]);
    return Math.max(...likely) - Math.min(...likely);
  });
  // Sum over the networks of 1 - probability of the true class.
  made.wrongness = made.truth.map((truth, row) => made.probabilities.reduce((sum, of) => sum + 1 - of[row][truth], 0));
  made.right = made.answers.map((answers) => answers.map((answer, row) => answer === made.truth[row]));
  made.figures = made.right.map((right, network) => {
    const hits = right.filter(Boolean).length;
    const confusion = made.classes.map(() => new Array(made.classes.length).fill(0));
    made.truth.forEach((truth, row) => {
      confusion[truth][made.answers[network][row]] += 1;
    });
    return { accuracy: hits / right.length, wrong: right.length - hits, likely: wilson(hits / right.length, right.length), confusion };
  });
}

function joinNumbers(made, reports, at) {
  made.classes = null;
  made.truth = at[0].map((row) => reports[0].truth[row]);
  made.answers = reports.map((report, network) => at[network].map((row) => report.answers[row]));
  made.errors = made.answers.map((answers) => answers.map((answer, row) => Math.abs(answer - made.truth[row])));
  made.most = made.errors.reduce((most, errors) => errors.reduce((a, b) => Math.max(a, b), most), 0);
  made.spread = made.truth.map((_, row) => {
    const given = made.answers.map((answers) => answers[row]);
    return Math.max(...given) - Math.min(...given);
  });
  made.wrongness = made.truth.map((_, row) => made.errors.reduce((sum, errors) => sum + errors[row], 0));
  made.differs = made.spread.map((spread) => spread > 0);
  made.figures = made.errors.map((errors) => {
    const [mae, low, high] = meanInterval(errors);
    return { mae, likely: [low, high], rmse: Math.sqrt(errors.reduce((sum, error) => sum + error * error, 0) / errors.length) };
  });
}

function pairsOf(made) {
  const pairs = [];
  for (let a = 0; a < made.names.length; a += 1) {
    for (let b = a + 1; b < made.names.length; b += 1) {
      pairs.push(made.classes ? pairOfClasses(made, a, b) : pairOfNumbers(made, a, b));
    }
  }
  const corrected = holm(pairs.map((pair) => pair.p));
  return pairs.map((pair, place) => ({ ...pair, p: corrected[place], byChance: corrected[place] >= CHANCE }));
}

/** Compare two classifiers; the more accurate one comes first, of equals the first. */
function pairOfClasses(made, a, b) {
  let [onlyA, onlyB] = [0, 0];
  made.right[a].forEach((right, row) => {
    if (right && !made.right[b][row]) onlyA += 1;
    if (!right && made.right[b][row]) onlyB += 1;
  });
  const [better, worse, only, other] = onlyB > onlyA ? [b, a, onlyB, onlyA] : [a, b, onlyA, onlyB];
  const [difference, low, high] = shareDifference(other, only, made.rows.length);
  return { better, worse, onlyBetter: only, onlyWorse: other, difference, low, high, p: mcnemar(only, other) };
}

/** Compare two regressors; the one with the lower mean absolute error comes first. */
function pairOfNumbers(made, a, b) {
  let gained = made.errors[b].map((error, row) => error - made.errors[a][row]);
  let [better, worse] = [a, b];
  if (gained.reduce((sum, gain) => sum + gain, 0) < 0) {
    [better, worse] = [b, a];
    gained = gained.map((gain) => -gain);
  }
  const [difference, low, high] = meanInterval(gained);
  const onlyBetter = gained.filter((gain) => gain > 0).length;
  const onlyWorse = gained.filter((gain) => gain < 0).length;
  return { better, worse, onlyBetter, onlyWorse, difference, low, high, p: pairedT(gained) };
}
