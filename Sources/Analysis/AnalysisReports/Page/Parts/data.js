// SPDX-License-Identifier: Apache-2.0
"use strict";

// The page's data: services in the order of extraction, types with the index of their service (-1
// for those set apart), links [from type, to type, references], cuts, and borders [from service, to
// service, places]: the cuts may be the first of each border, the borders count all.
const data = JSON.parse(document.getElementById("data").textContent);

// An element with attributes and children; text is never read as markup.
function element(name, attributes = {}, ...children) {
  const isSVG = [
    "svg", "g", "circle", "rect", "path", "text", "marker", "title",
  ].includes(name);
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

// A service with its place in the order; what remains of the monolith has none.
function numbered(service) {
  return service.order ? `${service.order}. ${service.name}` : service.name;
}

// Places on the borders that a condition chooses.
function placesOf(isChosen) {
  return data.borders.reduce(
    (sum, [from, to, places]) => (isChosen(from, to) ? sum + places : sum), 0);
}

// The largest of many numbers, at least 1: as arguments of one call, many overflow the stack.
function largestOf(numbers) {
  return numbers.reduce((most, number) => (number > most ? number : most), 1);
}

// What the cut list shows: services by index or null for any, and the words that are searched for
// where they are given. Everyone who changes it tells all.
const selection = { from: null, to: null, either: null };
const listeners = [];
function select(change, words) {
  if (words !== undefined) document.getElementById("search").value = words;
  Object.assign(selection, { from: null, to: null, either: null }, change);
  for (const listener of listeners) listener();
}
