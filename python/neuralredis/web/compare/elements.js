// Create elements. Strings of reports become text, never HTML.

/**
 * Return an element.
 *
 * Attributes that are functions become event listeners, booleans set or omit an attribute, and `style` is an object of
 * CSS properties. Children that are not nodes become text; null is left out.
 */
export function element(name, attributes = {}, ...children) {
  const made = document.createElement(name);
  for (const [key, value] of Object.entries(attributes)) {
    if (typeof value === "function") made.addEventListener(key, value);
    else if (key === "style") for (const [property, content] of Object.entries(value)) made.style.setProperty(property, content);
    else if (value === true) made.setAttribute(key, "");
    else if (value !== false && value !== null && value !== undefined) made.setAttribute(key, String(value));
  }
  made.append(...children.flat().filter((child) => child !== null && child !== undefined));
  return made;
}

/** Return a box that can be scrolled, also by keys, around wide content. */
export function scrolled(label, inside) {
  return element("div", { class: "scroll", role: "region", tabindex: "0", "aria-label": label }, inside);
}

/** Return the element with an id. */
export function byId(id) {
  return document.getElementById(id);
}

/** Return a labelled select of [value, title] options. */
export function choice(label, options, value, changed) {
  const select = element(
    "select",
    { change: () => changed(select.value) },
    options.map(([option, title]) => element("option", { value: option, selected: option === value }, title)),
  );
  return element("label", { class: "field" }, label, select);
}
