// SPDX-License-Identifier: Apache-2.0

// The dependency matrix: a row needs a column. Services first; a service that is opened shows its
// types, those with most crossings first.
const typesShown = 40;
// Columns from which cells get smaller, so that more of them stand beside each other.
const manyColumns = 24;
const unfolded = new Set();

function matrixItems() {
  const outside = new Array(data.types.length).fill(0);
  for (const [from, to, count] of data.links) {
    if (data.types[from][1] === data.types[to][1]) continue;
    outside[from] += count;
    outside[to] += count;
  }
  const items = [];
  data.services.forEach((service, index) => {
    items.push({ service: index, type: null, label: service.name });
    if (!unfolded.has(index)) return;
    const own = data.types.map((_, type) => type).filter((type) => data.types[type][1] === index);
    own.sort((one, other) => outside[other] - outside[one] || one - other);
    for (const type of own.slice(0, typesShown)) {
      items.push({ service: index, type, label: data.types[type][0] });
    }
    if (own.length > typesShown) {
      items.push({ service: index, type: -1, label: `and ${own.length - typesShown} more types` });
    }
  });
  return items;
}

// Between services the places to cut, as the cut list has them; where a type is a row or a column, its
// references.
function matrixCounts(items) {
  const places = new Map();
  items.forEach((item, place) => {
    const key = item.type === null ? `s${item.service}` : `t${item.type}`;
    places.set(key, place);
  });
  const counts = items.map(() => new Array(items.length).fill(0));
  for (const [from, to, count] of data.links) {
    const [one, other] = [data.types[from][1], data.types[to][1]];
    if (one < 0 || other < 0) continue;
    for (const row of [`s${one}`, `t${from}`]) {
      for (const column of [`s${other}`, `t${to}`]) {
        const [y, x] = [places.get(row), places.get(column)];
        if (y !== undefined && x !== undefined) counts[y][x] += count;
      }
    }
  }
  items.forEach((row, y) => items.forEach((column, x) => {
    if (isBorder(row, column)) {
      counts[y][x] = placesOf((from, to) => from === row.service && to === column.service);
    }
  }));
  return counts;
}

function isBorder(row, column) {
  return row.type === null && column.type === null && row.service !== column.service;
}

function heat(count, most) {
  return Math.max(1, Math.ceil((4 * Math.log1p(count)) / Math.log1p(Math.max(1, most))));
}

function drawMatrix() {
  const items = matrixItems();
  const counts = matrixCounts(items);
  let most = 0;
  items.forEach((row, y) => items.forEach((column, x) => {
    if (row.service !== column.service) most = Math.max(most, counts[y][x]);
  }));
  const head = element("tr", {}, element("th", { scope: "col" }, "needs \u2192"));
  for (const item of items) {
    head.append(element("th", { scope: "col", title: item.label }, element("span", {}, item.label)));
  }
  const body = element("tbody");
  items.forEach((row, y) => {
    const line = element("tr", {}, rowHeader(row));
    items.forEach((column, x) => line.append(cell(row, column, counts[y][x], most)));
    body.append(line);
  });
  const table = element("table", {
    class: items.length > manyColumns ? "matrix small" : "matrix", role: "grid", "aria-label": "Who needs whom, in places to cut",
    onkeydown: moveInGrid,
  }, element("thead", {}, head), body);
  const first = table.querySelector("td button");
  if (first) first.tabIndex = 0;
  document.getElementById("matrix").replaceChildren(table);
}

function rowHeader(row) {
  if (row.type !== null) {
    return element("th", { scope: "row", class: "type", title: row.label }, row.label);
  }
  const isOpen = unfolded.has(row.service);
  return element("th", { scope: "row" }, element("button", {
    "aria-expanded": String(isOpen), "data-service": row.service,
    title: isOpen ? "Hide its types" : "Show its types",
    onclick: () => {
      if (isOpen) unfolded.delete(row.service);
      else unfolded.add(row.service);
      drawMatrix();
      document.querySelector(`.matrix button[data-service="${row.service}"]`).focus();
    },
  }, `${isOpen ? "\u25be" : "\u25b8"} ${row.label}`));
}

function cell(row, column, count, most) {
  const isOwn = row.service === column.service;
  const attributes = { role: "gridcell" };
  if (isOwn && row.type === column.type) attributes.class = "own";
  if (count === 0) return element("td", attributes);
  if (isOwn) return element("td", attributes, String(count));
  attributes.class = `heat${heat(count, most)}`;
  const isChosen = selection.from === row.service && selection.to === column.service
    && row.type === null && column.type === null;
  if (isChosen) attributes.class += " chosen";
  const text = `${row.label} needs ${column.label}: `
    + (isBorder(row, column) ? `${counted(count, "place")} to cut` : counted(count, "reference"));
  return element("td", attributes, element("button", {
    tabindex: -1, title: text, "aria-label": text,
    onclick: () => {
      select({ from: row.service, to: column.service });
      document.getElementById("cuts").scrollIntoView({ block: "start" });
    },
  }, String(count)));
}

// One stop for the Tab key; arrows go to the next cell that holds something.
function moveInGrid(event) {
  const steps = { ArrowRight: [1, 0], ArrowLeft: [-1, 0], ArrowDown: [0, 1], ArrowUp: [0, -1] };
  const step = steps[event.key];
  const from = event.target.closest("td");
  if (!step || !from) return;
  event.preventDefault();
  const rows = [...event.currentTarget.querySelectorAll("tbody tr")];
  let y = rows.indexOf(from.parentNode);
  let x = [...from.parentNode.children].indexOf(from);
  for (;;) {
    x += step[0];
    y += step[1];
    const next = rows[y]?.children[x];
    if (!next || next.tagName !== "TD") return;
    const button = next.querySelector("button");
    if (!button) continue;
    event.target.tabIndex = -1;
    button.tabIndex = 0;
    button.focus();
    return;
  }
}
listeners.push(drawMatrix);
