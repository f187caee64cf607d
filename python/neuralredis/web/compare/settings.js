// Settings of the reader, stored in the browser.

const KEY = "neuralredis.compare";
const DEFAULTS = { theme: "auto", only: false, order: "differ", texts: "10" };

/** The current settings. */
export const settings = { ...DEFAULTS, ...remembered() };

/** Change a setting and store it. */
export function setSetting(name, value) {
  settings[name] = value;
  try {
    localStorage.setItem(KEY, JSON.stringify(settings));
  } catch {
    // Some browsers have no storage for pages opened as files: the setting is lost when the page is closed.
  }
}

/** Apply the chosen theme. */
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
