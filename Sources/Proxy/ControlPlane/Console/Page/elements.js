// SPDX-License-Identifier: Apache-2.0
// Makes elements. Whatever comes over the wire becomes text and never markup.

const svgNamespace = "http://www.w3.org/2000/svg";

/** An element with attributes and children; strings become text. */
export function element(name, attributes = {}, ...children) {
  return fill(document.createElement(name), attributes, children);
}

/** The same for SVG. */
export function shape(name, attributes = {}, ...children) {
  return fill(document.createElementNS(svgNamespace, name), attributes, children);
}

function fill(node, attributes, children) {
  for (const [name, value] of Object.entries(attributes)) {
    if (value !== undefined && value !== null) node.setAttribute(name, value);
  }
  node.append(...children);
  return node;
}

/** A button that does something. */
export function button(label, action, kind) {
  const node = element("button", { type: "button", class: kind }, label);
  node.addEventListener("click", action);
  return node;
}

/** Changes a text only if it is another one, so that nothing is announced or selected anew. */
export function setText(node, text) {
  if (node.textContent !== text) node.textContent = text;
}

/** Changes an attribute only if it is another one; undefined takes it away. */
export function setAttribute(node, name, value) {
  if (value === undefined || value === null) node.removeAttribute(name);
  else if (node.getAttribute(name) !== String(value)) node.setAttribute(name, value);
}

/** Hides a button; whoever stands on it is led to another place and not to the top of the page. */
export function hideButton(node, isHidden, place) {
  if (node.hidden === isHidden) return;
  const isFocused = node === document.activeElement;
  node.hidden = isHidden;
  if (isHidden && isFocused) place.focus();
}

const viewsOf = new WeakMap();

/**
 * Shows a list. An item keeps its node as long as its key is there, so that focus, selection and
 * what is folded open survive each update.
 *
 * `create(item)` gives `{ node, update(item) }`.
 */
export function keyed(parent, items, keyOf, create) {
  const known = viewsOf.get(parent) ?? new Map();
  const next = new Map();
  for (const item of items) {
    const key = keyOf(item);
    if (next.has(key)) continue;
    const view = known.get(key) ?? create(item);
    view.update(item);
    next.set(key, view);
  }
  for (const [key, view] of known) {
    if (!next.has(key)) view.node.remove();
  }
  let place = parent.firstChild;
  for (const view of next.values()) {
    if (view.node === place) place = place.nextSibling;
    else parent.insertBefore(view.node, place);
  }
  viewsOf.set(parent, next);
}

const shownIn = new WeakMap();

/** A list without keys: replaced as a whole when it is another one. */
export function rows(body, lines, create) {
  const text = JSON.stringify(lines);
  if (shownIn.get(body) === text) return;
  shownIn.set(body, text);
  body.replaceChildren(...lines.map(create));
}

/** A table of text with a header line, for `rows`. */
export function table(headings, caption) {
  const body = element("tbody");
  const head = element("tr", {}, ...headings.map((name) => element("th", { scope: "col" }, name)));
  const title = element("caption", { class: "hidden" }, caption);
  const node = element("table", {}, title, element("thead", {}, head), body);
  return {
    node,
    update(lines) {
      rows(body, lines, (line) =>
        element("tr", {}, ...line.map((cell, index) =>
          index === 0 ? element("th", { scope: "row" }, cell) : element("td", {}, cell))));
    },
  };
}

/** A table that may be wider than the page. */
export function scrolling(node, label) {
  const attributes = { class: "scroll", tabindex: "0", role: "region", "aria-label": label };
  return element("div", attributes, node);
}
