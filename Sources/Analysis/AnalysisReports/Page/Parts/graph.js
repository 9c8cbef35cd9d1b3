// SPDX-License-Identifier: Apache-2.0

// The graph, collapsed to services: one below the other in the order of extraction, with an arc for
// each pair that shares a border. The last rows are folded where they would be too many. Hubs, which
// most services are tied to, and thin borders are faded: they tell little and hide the rest.
const rowsOfGraph = 30;
const rowHeight = 26;
const fewServices = 6;
let allRows = false;
let rowInFocus = 0;

// Both directions of a border as one: [lower service, higher service, places down, places up].
function pairs() {
  const found = new Map();
  for (const [from, to, places] of data.borders) {
    const key = `${Math.min(from, to)} ${Math.max(from, to)}`;
    const pair = found.get(key) ?? [Math.min(from, to), Math.max(from, to), 0, 0];
    pair[from < to ? 2 : 3] += places;
    found.set(key, pair);
  }
  return [...found.values()];
}

// Services that most others are tied to.
const hubs = (() => {
  const size = data.services.length;
  const partners = new Array(size).fill(0);
  for (const [one, other] of pairs()) {
    partners[one] += 1;
    partners[other] += 1;
  }
  return new Set(data.services.map((_, index) => index)
    .filter((index) => size >= fewServices && partners[index] > (size - 1) * 0.6));
})();

// Width of a text in the page's font, for texts that have to end in time.
const measure = (() => {
  const context = document.createElement("canvas").getContext("2d");
  return (text, size, weight = 400) => {
    context.font = `${weight} ${size}px system-ui, sans-serif`;
    return context.measureText(text).width;
  };
})();

function fitted(text, width, size, weight) {
  if (measure(text, size, weight) <= width) return text;
  let [least, most] = [0, text.length];
  while (least < most) {
    const middle = Math.ceil((least + most) / 2);
    if (measure(`${text.slice(0, middle)}\u2026`, size, weight) <= width) least = middle;
    else most = middle - 1;
  }
  return `${text.slice(0, least)}\u2026`;
}

// The same from the end: types of a service often begin alike.
function fittedEnd(text, width, size) {
  let [least, most] = [0, text.length];
  while (least < most) {
    const middle = Math.floor((least + most) / 2);
    const part = middle === 0 ? text : `\u2026${text.slice(middle)}`;
    if (measure(part, size) <= width) most = middle;
    else least = middle + 1;
  }
  return least === 0 ? text : `\u2026${text.slice(least)}`;
}

function thickness(places) { return Math.min(7, 1.2 + 0.9 * Math.log2(places)).toFixed(1); }

// Runs again when the element gets another width, and not because it got higher.
function drawInto(id, draw) {
  const place = document.getElementById(id);
  let width = 0;
  const again = () => { if (width > 0) place.replaceChildren(...draw(width)); };
  new ResizeObserver(() => {
    const now = place.clientWidth;
    if (now === width) return;
    width = now;
    again();
  }).observe(place);
  return again;
}

// Rows of the graph: a service each, and one for those that are folded.
function graphRows() {
  const size = data.services.length;
  const shown = allRows || size <= rowsOfGraph + 1 ? size : rowsOfGraph;
  return { shown, folded: size - shown };
}

function overview(width) {
  const { shown, folded } = graphRows();
  const rows = shown + (folded > 0 ? 1 : 0);
  const height = rows * rowHeight + 8;
  const label = Math.min(
    width * 0.5,
    largestOf(data.services.slice(0, shown)
      .map((service) => measure(numbered(service), 13, 600))) + 24);
  const svg = element("svg", {
    viewBox: `0 0 ${width} ${height}`, width, height, role: "group",
    "aria-label": "Services and the borders between them. Arrow keys go to the next service.",
    onkeydown: moveInGraph,
  }, arrowhead("arrow"), arrowhead("arrow-both"));
  const merged = new Map();
  for (const [one, other, down, up] of pairs()) {
    const ends = [Math.min(one, shown), Math.min(other, shown)];
    if (ends[0] === ends[1]) continue;
    const sum = merged.get(ends.join()) ?? [...ends, 0, 0];
    sum[2] += down;
    sum[3] += up;
    merged.set(ends.join(), sum);
  }
  const arcs = [...merged.values()].sort((one, other) => one[2] + one[3] - other[2] - other[3]);
  // As many as a reader can follow. What is folded is tied to everybody, as a hub is.
  const isQuiet = (row) => row === shown || hubs.has(row);
  const strong = new Set(arcs.filter((arc) => !isQuiet(arc[0]) && !isQuiet(arc[1])).slice(-2 * rows));
  for (const arc of arcs) svg.append(arcOf(arc, label, width, !strong.has(arc), shown));
  for (let row = 0; row < shown; row += 1) svg.append(serviceNode(row, label));
  if (folded > 0) svg.append(foldedNode(shown, folded, label));
  const faded = arcs.length - strong.size;
  return [svg, legend(faded)];
}

function middleOf(row) { return row * rowHeight + rowHeight / 2 + 4; }

function arrowhead(id) {
  return element("marker", {
    id, class: id, viewBox: "0 0 8 8", refX: 7, refY: 4, markerWidth: 8, markerHeight: 8,
    markerUnits: "userSpaceOnUse", orient: "auto-start-reverse",
  }, element("path", { d: "M0 0 L8 4 L0 8 z" }));
}

function arcOf([one, other, down, up], label, width, isFaded, shown) {
  const [start, end] = [middleOf(one), middleOf(other)];
  const x = label + 12;
  const reach = Math.min((width - x - 12) * 1.3, 22 + (end - start) * 0.45);
  const places = down + up;
  const isMutual = down > 0 && up > 0;
  const marker = isMutual ? "url(#arrow-both)" : "url(#arrow)";
  const names = [one, other].map((row) => (row < shown ? data.services[row].name : "the others"));
  const text = isMutual
    ? `${names[0]} and ${names[1]} need each other: ${counted(down, "place")} and ${up} back`
    : `${names[down > 0 ? 0 : 1]} needs ${names[down > 0 ? 1 : 0]}: ${counted(places, "place")}`;
  return element("path", {
    class: `edge${isMutual ? " mutual" : ""}${isFaded ? " faded" : ""}`,
    "data-from": one, "data-to": other,
    d: `M${x} ${start} C${x + reach} ${start} ${x + reach} ${end} ${x} ${end}`,
    "stroke-width": thickness(places),
    "marker-end": down > 0 ? marker : null, "marker-start": up > 0 ? marker : null,
  }, element("title", {}, text));
}

function serviceNode(row, label) {
  const service = data.services[row];
  const own = placesOf((from, to) => from === row || to === row);
  const isHub = hubs.has(row);
  const text = `${numbered(service)}: ${counted(service.types, "type")}, `
    + `${counted(own, "place")} to cut${isHub ? ", a hub that most services are tied to" : ""}`;
  const largest = largestOf(data.services.map((each) => each.types));
  const choose = () => {
    rowInFocus = row;
    select({ either: row }, "");
    focusRow(row);
  };
  const svg = () => document.querySelector("#graph svg");
  const isOpen = openService() === row;
  return element("g", {
    class: `node${row === 0 ? " first" : ""}${isOpen ? " chosen" : ""}${isHub ? " hub" : ""}`,
    tabindex: row === rowInFocus ? 0 : -1, role: "button", "aria-label": text,
    "aria-pressed": String(isOpen), "data-service": row, onclick: choose,
    onkeydown: onEnter(choose),
    onmouseenter: () => showNear(svg(), row), onmouseleave: () => showNear(svg(), null),
    onfocus: () => { rowInFocus = row; showNear(svg(), row); },
    onblur: () => showNear(svg(), null),
  },
  element("rect", {
    class: "row", x: 0, y: middleOf(row) - rowHeight / 2 + 1, width: label + 4,
    height: rowHeight - 2, rx: 5,
  }),
  element("text", { x: 8, y: middleOf(row) + 4.5 },
    fitted(numbered(service), label - 22, 13, 600)),
  element("circle", {
    cx: label - 2, cy: middleOf(row), r: (3 + 6 * Math.sqrt(service.types / largest)).toFixed(1),
  }),
  element("title", {}, text));
}

function foldedNode(row, folded, label) {
  const open = () => {
    allRows = true;
    redrawGraph();
    focusRow(rowInFocus);
  };
  return element("g", {
    class: "node folded", tabindex: -1, role: "button", "data-service": row, onclick: open,
    "aria-label": `Show ${counted(folded, "more service")}`, onkeydown: onEnter(open),
    onfocus: () => { rowInFocus = row; },
  },
  element("rect", {
    class: "row", x: 0, y: middleOf(row) - rowHeight / 2 + 1, width: label + 4,
    height: rowHeight - 2, rx: 5,
  }),
  element("text", { x: 8, y: middleOf(row) + 4.5 },
    fitted(`\u25b8 ${folded} more`, label - 22, 13, 600)),
  element("circle", { cx: label - 2, cy: middleOf(row), r: 6 }));
}

function onEnter(act) {
  return (event) => {
    if (event.key !== "Enter" && event.key !== " ") return;
    event.preventDefault();
    act();
  };
}

// One stop for the Tab key; arrows go to the service above or below.
function moveInGraph(event) {
  const { shown, folded } = graphRows();
  const last = shown + (folded > 0 ? 1 : 0) - 1;
  const to = {
    ArrowDown: rowInFocus + 1, ArrowUp: rowInFocus - 1, Home: 0, End: last,
  }[event.key];
  if (to === undefined || to < 0 || to > last) return;
  event.preventDefault();
  for (const node of document.querySelectorAll("#graph .node")) node.setAttribute("tabindex", -1);
  rowInFocus = to;
  focusRow(to);
}

function focusRow(row) {
  const node = document.querySelector(`#graph [data-service="${row}"]`);
  if (!node) return;
  node.setAttribute("tabindex", 0);
  node.focus();
}

function showNear(svg, row) {
  const shownRow = row ?? openService();
  svg.classList.toggle("focused", row !== null);
  for (const part of svg.querySelectorAll("[data-from]")) {
    part.classList.toggle("near", part.dataset.from === String(shownRow)
      || part.dataset.to === String(shownRow));
  }
}

function legend(faded) {
  const parts = ["The thicker an arc, the more places to cut; an arrow points at what is needed."];
  if (pairs().some((pair) => pair[2] > 0 && pair[3] > 0)) {
    parts.push("Red: both need each other.");
  }
  if (faded > 0) {
    parts.push(`Faded: ${hubs.size > 0 ? "hubs and " : ""}the thinnest borders.`);
  }
  return element("p", { class: "legend" }, parts.join(" "));
}

const redrawGraph = drawInto("graph", (width) => {
  const parts = overview(width);
  showNear(parts[0], null);
  return parts;
});
listeners.push(redrawGraph);
