// Create elements. Strings only become text nodes: this page never uses innerHTML, and its security policy forbids it.

const SVG = "http://www.w3.org/2000/svg";

function filled(node, attributes, children) {
  for (const [name, value] of Object.entries(attributes)) {
    if (value === null || value === undefined || value === false) continue;
    if (name === "on") for (const [event, listener] of Object.entries(value)) node.addEventListener(event, listener);
    else if (name === "style") for (const [property, to] of Object.entries(value)) node.style.setProperty(property, to);
    else node.setAttribute(name, value === true ? "" : value);
  }
  node.append(...children.flat(Infinity).filter((child) => child !== null && child !== undefined));
  return node;
}

/** An HTML element; `on` has its event listeners, `style` its CSS properties. */
export function el(tag, attributes = {}, ...children) {
  return filled(document.createElement(tag), attributes, children);
}

/** An SVG element. */
export function svg(tag, attributes = {}, ...children) {
  return filled(document.createElementNS(SVG, tag), attributes, children);
}

/** A name from data, isolated so that its text direction does not affect the text around it. */
export function named(name) {
  return el("bdi", { class: "name" }, name);
}

/** A text for screen readers only. */
export function unseen(text) {
  return el("span", { class: "unseen" }, text);
}
