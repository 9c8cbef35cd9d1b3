// SPDX-License-Identifier: Apache-2.0

// One service, opened: who needs it on the left, its types and tables that have to be cut in the
// middle, what it needs on the right. Types that tie it to most of its partners are faded.
const rowsOfColumn = 12;
const openRow = 30;

// The service that is open: the one that was chosen last.
let opened = data.services.length > 0 ? 0 : null;
function openService() { return opened; }

// The most of a list by weight, and how many are left out.
function strongest(weights, most) {
  const sorted = [...weights].sort((one, other) => other[1] - one[1] || (one[0] < other[0] ? -1 : 1));
  return { items: sorted.slice(0, most), rest: sorted.slice(most) };
}

function add(map, key, count) { map.set(key, (map.get(key) ?? 0) + count); }

// Places of the open service: by partner and by type, in both directions.
function openLinks(service) {
  const [users, used, own] = [new Map(), new Map(), new Map()];
  const [into, outOf] = [new Map(), new Map()];
  for (const cut of data.cuts) {
    const [from, to] = cut;
    if (to === service && from !== service) {
      add(users, from, 1);
      add(own, cut[3], 1);
      add(into, `${from}\n${cut[3]}`, 1);
    } else if (from === service && to !== service) {
      add(used, to, 1);
      add(own, cut[2], 1);
      add(outOf, `${to}\n${cut[2]}`, 1);
    }
  }
  return { users, used, own, into, outOf };
}

function openedService(width) {
  if (opened === null) return [element("p", { class: "quiet" }, "There is no service to open.")];
  const service = data.services[opened];
  const links = openLinks(opened);
  const heading = element("h3", {}, numbered(service));
  const places = placesOf((from, to) => from === opened || to === opened);
  const summary = element("p", { class: "quiet" },
    `${counted(service.types, "type")}; ${counted(places, "place")} to cut with `
      + `${counted(new Set([...links.users.keys(), ...links.used.keys()]).size, "other service")}.`);
  if (links.own.size === 0) {
    return [heading, summary, element("p", {}, "Nothing crosses its border.")];
  }
  const columns = [
    column(links.users, "need it", (key) => data.services[key].name, (key) => () => openOther(key)),
    column(links.own, "to cut in it", (key) => key, (key) => () => search(key)),
    column(links.used, "it needs", (key) => data.services[key].name, (key) => () => openOther(key)),
  ];
  return [heading, summary, threeColumns(width, columns, links)];
}

function column(weights, title, name, act) {
  const { items, rest } = strongest(weights, rowsOfColumn);
  return {
    title, rest: rest.length, restPlaces: rest.reduce((sum, item) => sum + item[1], 0),
    items: items.map(([key, count]) => ({ key, count, name: name(key), act: act(key) })),
  };
}

function threeColumns(width, columns, links) {
  const gap = Math.max(26, width * 0.12);
  const wide = [0.29, 0.42, 0.29].map((share) => share * (width - 2 * gap));
  const heights = columns.map((each) => Math.max(1, each.items.length + (each.rest > 0 ? 1 : 0)));
  const height = 30 + largestOf(heights) * openRow;
  const svg = element("svg", {
    viewBox: `0 0 ${width} ${height}`, width, height, role: "group",
    "aria-label": `${data.services[opened].name} with what needs it and what it needs`,
    onkeydown: (event) => {
      if (event.key === "Escape") focusRow(Math.min(opened, graphRows().shown));
    },
  });
  const nodes = columns.map(() => new Map());
  columns.forEach((each, place) => {
    const cell = wide[place];
    const x = wide.slice(0, place).reduce((sum, each) => sum + each + gap, 0);
    const offset = 30 + ((largestOf(heights) - heights[place]) * openRow) / 2;
    svg.append(element("text", { class: "title", x: x + cell / 2, y: 16, "text-anchor": "middle" },
      fitted(each.title, cell, 12)));
    each.items.forEach((item, row) => nodes[place].set(
      item.key, { item, x, y: offset + row * openRow, cell, isType: place === 1 }));
    Object.assign(each, { end: offset + each.items.length * openRow, x, cell });
  });
  const partners = new Set([...links.users.keys(), ...links.used.keys()]).size;
  const ties = new Map();
  for (const key of [...links.into.keys(), ...links.outOf.keys()]) {
    add(ties, key.slice(key.indexOf("\n") + 1), 1);
  }
  const isHub = (type) => partners >= fewServices && ties.get(type) > partners * 0.6;
  const draw = (map, place) => {
    for (const [key, count] of map) {
      const cut = key.indexOf("\n");
      const [partner, type] = [Number(key.slice(0, cut)), key.slice(cut + 1)];
      const [outer, inner] = [nodes[place].get(partner), nodes[1].get(type)];
      if (outer && inner) svg.append(tie(outer, inner, place === 0, count, isHub(type)));
    }
  };
  draw(links.into, 0);
  draw(links.outOf, 2);
  columns.forEach((each, place) => {
    for (const node of nodes[place].values()) {
      svg.append(box(node, node.isType && isHub(node.item.key), svg));
    }
    if (each.items.length === 0) {
      svg.append(element("text", {
        class: "rest", x: each.x + each.cell / 2, y: each.end + 16, "text-anchor": "middle",
      }, "nothing"));
    }
    if (each.rest > 0) {
      svg.append(element("text", { class: "rest", x: each.x + 8, y: each.end + 17 },
        fitted(`and ${each.rest} more (${counted(each.restPlaces, "place")})`, each.cell - 8, 12)));
    }
  });
  return svg;
}

function tie(outer, inner, isInto, count, isFaded) {
  const [left, right] = isInto ? [outer, inner] : [inner, outer];
  const [x1, x2] = [left.x + left.cell, right.x];
  const [y1, y2] = [left.y + 12, right.y + 12];
  const bend = (x2 - x1) / 2;
  return element("path", {
    class: `edge${isFaded ? " faded" : ""}`, "data-one": String(outer.item.key),
    "data-other": String(inner.item.key),
    d: `M${x1} ${y1} C${x1 + bend} ${y1} ${x2 - bend} ${y2} ${x2} ${y2}`,
    "stroke-width": thickness(count),
  }, element("title", {}, `${left.item.name} needs ${right.item.name}: ${counted(count, "place")}`));
}

function box({ item, x, y, cell, isType }, isHub, svg) {
  const text = `${item.name}: ${counted(item.count, "place")}`
    + `${isHub ? ", tied to most of the services beside" : ""}`;
  const number = String(item.count);
  const space = cell - 20 - measure(number, 12);
  const near = (isNear) => {
    svg.classList.toggle("focused", isNear);
    for (const part of svg.querySelectorAll("path.edge")) {
      part.classList.toggle("near", isNear
        && [part.dataset.one, part.dataset.other].includes(String(item.key)));
    }
  };
  return element("g", {
    class: `node box${isHub ? " hub" : ""}`, tabindex: 0, role: "button", "aria-label": text,
    onclick: item.act, onkeydown: onEnter(item.act),
    onmouseenter: () => near(true), onmouseleave: () => near(false),
    onfocus: () => near(true), onblur: () => near(false),
  },
  element("rect", { x, y, width: cell, height: 24, rx: 5 }),
  element("text", { x: x + 7, y: y + 16.5 }, isType ? fittedEnd(item.name, space, 12.5) : fitted(item.name, space, 12.5)),
  element("text", { class: "count", x: x + cell - 7, y: y + 16.5, "text-anchor": "end" }, number),
  element("title", {}, text));
}

function openOther(service) {
  rowInFocus = Math.min(service, graphRows().shown);
  select({ either: service }, "");
  focusRow(rowInFocus);
}

// The places of one type, in the list below.
function search(type) {
  select({ either: opened }, type);
  document.getElementById("cuts").scrollIntoView({ block: "start" });
}

const redrawOpened = drawInto("opened", openedService);
listeners.unshift(() => {
  if (selection.either !== null) opened = selection.either;
  redrawOpened();
});
