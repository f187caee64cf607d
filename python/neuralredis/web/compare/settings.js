// What a reader has chosen, remembered for the next time.

const KEY = "neuralredis.compare";
const DEFAULTS = { theme: "auto", only: false, order: "differ", texts: "10" };

/** Settings as they are now. */
export const settings = { ...DEFAULTS, ...remembered() };

/** Change a setting, and remember it. */
export function setSetting(name, value) {
  settings[name] = value;
  try {
    localStorage.setItem(KEY, JSON.stringify(settings));
  } catch {
    // Some browsers keep nothing for pages that are files: then it holds until the page is closed.
  }
}

/** Show the page in the colours that are chosen. */
export function applyTheme() {
  if (settings.theme === "auto") delete document.documentElement.dataset.theme;
  else document.documentElement.dataset.theme = settings.theme;
}

function remembered() {
  try {
    const found = JSON.parse(localStorage.getItem(KEY));
    const kept = {};
    for (const [name, value] of Object.entries(DEFAULTS)) {
      if (typeof found?.[name] === typeof value) kept[name] = found[name];
    }
    return kept;
  } catch {
    return {};
  }
}
