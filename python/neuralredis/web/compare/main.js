// The page: reports come in, and what they say is shown.

import { checkFits, compareReports } from "./comparing.js";
import { byId } from "./elements.js";
import { addText, entries, loadFromAddress, showFiles, watchFiles } from "./files.js";
import { clearFilter, filter, showFilters } from "./filters.js";
import { showMatrices } from "./matrices.js";
import { ReportError } from "./reports.js";
import { showRows, watchPages } from "./rows.js";
import { showSamples } from "./samples.js";
import { applyTheme, setSetting, settings } from "./settings.js";
import { showSummary } from "./summary.js";

/** Show all that was given and fits together; of each file that does not, say why. */
function showAll() {
  const { answers, figures, samples } = fitting();
  let made = answers.length ? compareReports(answers) : null;
  if (!made && answers.length > 1) {
    const last = entries.findLast((entry) => entry.reports.some((report) => answers.includes(report)));
    last.unfit = "has no row that all the others have answered";
    made = compareReports(answers.filter((report) => !last.reports.includes(report)));
  }
  showFiles();
  clearFilter();
  showSummary(made, figures);
  showMatrices(made, figures, (network, truth, answer) => {
    clearFilter();
    filter.cell = { network, truth, answer };
    setSetting("only", false);
    showFilters(made, () => showRows(made));
    showRows(made);
    byId("rows").scrollIntoView({ block: "start" });
  });
  if (made) showFilters(made, () => showRows(made));
  showRows(made);
  showSamples(samples);
}

/** Return the reports that answer the question of the first one, and texts. */
function fitting() {
  const found = { answers: [], figures: [], samples: [] };
  for (const entry of entries) {
    entry.unfit = undefined;
    entry.note = undefined;
    for (const report of entry.reports) {
      if (report.kind === "samples") {
        found.samples.push(report);
        continue;
      }
      if (report.kind === "figures") entry.note = "(no answers of rows: evaluate --json --rows has them)";
      try {
        const first = found.answers[0] ?? found.figures[0];
        if (first) checkFits(first, report);
        found[report.kind].push(report);
      } catch (error) {
        if (!(error instanceof ReportError)) throw error;
        entry.unfit = error.message;
      }
    }
  }
  return found;
}

applyTheme();
byId("hint").hidden = true;
byId("files").hidden = false;
byId("theme").value = settings.theme;
byId("theme").addEventListener("change", (event) => {
  setSetting("theme", event.target.value);
  applyTheme();
});
byId("filters").addEventListener("submit", (event) => event.preventDefault());
watchPages();
watchFiles(showAll);

const inside = byId("report");
if (inside) {
  // A page that brings its report along may fetch nothing.
  byId("by-address").hidden = true;
  // What it is about comes first.
  document.querySelector("main").append(byId("files"));
  addText("in this page", inside.textContent);
} else {
  loadFromAddress();
}
