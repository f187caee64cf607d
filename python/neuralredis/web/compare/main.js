// The page: load reports, compare them, and draw the comparison.

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

/** Draw all reports that can be compared; mark each file that cannot with the reason. */
function showAll() {
  const { answers, figures, samples } = fitting();
  let made = answers.length ? compareReports(answers) : null;
  if (!made && answers.length > 1) {
    const last = entries.findLast((entry) => entry.reports.some((report) => answers.includes(report)));
    last.unfit = "has no row in common with all other reports";
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

/** Return the reports that fit the first one, and samples. */
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
      if (report.kind === "figures") entry.note = "(no predictions of rows: evaluate --json --rows includes them)";
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
  // The content security policy of a page with a report in it allows no requests.
  byId("by-address").hidden = true;
  // Move the files below the comparison.
  document.querySelector("main").append(byId("files"));
  addText("in this page", inside.textContent);
} else {
  loadFromAddress();
}
