// SPDX-License-Identifier: Apache-2.0
"use strict";

// The page's data: services in the order of extraction, types with the index of their service (-1
// for those set apart), links [from type, to type, references], and cuts.
const data = JSON.parse(document.getElementById("data").textContent);

// An element with attributes and children; text is never read as markup.
function element(name, attributes = {}, ...children) {
  const isSVG = ["svg", "g", "circle", "path", "text", "marker", "defs", "title"].includes(name);
  const node = isSVG
    ? document.createElementNS("http://www.w3.org/2000/svg", name)
    : document.createElement(name);
  for (const [key, value] of Object.entries(attributes)) {
    if (key.startsWith("on")) node.addEventListener(key.slice(2), value);
    else if (value !== false && value !== null) node.setAttribute(key, value === true ? "" : value);
  }
  node.append(...children);
  return node;
}

function counted(count, noun) {
  return `${count} ${noun}${count === 1 ? "" : "s"}`;
}

// Places that cross from one service to another, as rows of numbers.
function crossings() {
  const size = data.services.length;
  const rows = Array.from({ length: size }, () => new Array(size).fill(0));
  for (const cut of data.cuts) rows[cut[0]][cut[1]] += 1;
  return rows;
}

// What the cut list shows: services by index or null for any. Everyone who changes it tells all.
const selection = { from: null, to: null, either: null };
const listeners = [];
function select(change) {
  Object.assign(selection, { from: null, to: null, either: null }, change);
  for (const listener of listeners) listener();
}
