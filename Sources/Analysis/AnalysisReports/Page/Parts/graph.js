// SPDX-License-Identifier: Apache-2.0

// The services on an ellipse, in the order of extraction, clockwise from the top.
function drawGraph() {
  const size = data.services.length;
  const rows = crossings();
  const width = 640;
  const height = Math.max(440, 26 * size);
  const [middleX, middleY] = [width / 2, height / 2];
  const [reachX, reachY] = [width / 2 - 120, height / 2 - 60];
  const places = data.services.map((_, index) => {
    const angle = (2 * Math.PI * index) / Math.max(1, size) - Math.PI / 2;
    return [middleX + reachX * Math.cos(angle), middleY + reachY * Math.sin(angle)];
  });
  const largest = largestOf(data.services.map((service) => service.types));
  const radius = data.services.map((service) => 7 + 17 * Math.sqrt(service.types / largest));
  const most = largestOf(rows.flat());
  const svg = element("svg", {
    viewBox: `0 0 ${width} ${height}`, role: "group",
    "aria-label": "Services and the references that cross between them",
  });
  svg.append(element("defs", {}, element("marker", {
    id: "arrow", viewBox: "0 0 8 8", refX: 7, refY: 4, markerWidth: 8, markerHeight: 8,
    markerUnits: "userSpaceOnUse", orient: "auto",
  }, element("path", { d: "M0 0 L8 4 L0 8 z" }))));
  rows.forEach((row, from) => row.forEach((count, to) => {
    if (count > 0) svg.append(...edge(places, radius, from, to, count, most));
  }));
  data.services.forEach((service, index) => {
    svg.append(node(svg, service, index, places[index], radius[index], middleX));
  });
  document.getElementById("graph").replaceChildren(svg);
}

function edge(places, radius, from, to, count, most) {
  const [[x1, y1], [x2, y2]] = [places[from], places[to]];
  const length = Math.hypot(x2 - x1, y2 - y1) || 1;
  const [ux, uy] = [(x2 - x1) / length, (y2 - y1) / length];
  // Each direction bends to its own side.
  const bend = Math.min(46, length / 6);
  const [cx, cy] = [(x1 + x2) / 2 - uy * bend, (y1 + y2) / 2 + ux * bend];
  const start = toward(x1, y1, cx, cy, radius[from]);
  const end = toward(x2, y2, cx, cy, radius[to] + 2);
  const width = 1 + (5 * Math.log1p(count)) / Math.log1p(most);
  const own = { "data-from": from, "data-to": to };
  const text = `${data.services[from].name} needs ${data.services[to].name}: `
    + counted(count, "place");
  return [
    element("path", {
      ...own, class: "edge", d: `M${start} Q${cx} ${cy} ${end}`, "stroke-width": width.toFixed(1),
      "marker-end": "url(#arrow)",
    }, element("title", {}, text)),
    element("text", {
      ...own, class: "count", x: (x1 + x2 + 2 * cx) / 4, y: (y1 + y2 + 2 * cy) / 4 + 4,
      "text-anchor": "middle", "aria-hidden": "true",
    }, String(count)),
  ];
}

function toward(x, y, cx, cy, distance) {
  const length = Math.hypot(cx - x, cy - y) || 1;
  return `${(x + ((cx - x) * distance) / length).toFixed(1)} `
    + (y + ((cy - y) * distance) / length).toFixed(1);
}

function node(svg, service, index, [x, y], radius, middle) {
  const own = placesOf((from, to) => from === index || to === index);
  const text = `${service.order}. ${service.name}: ${counted(service.types, "type")}, `
    + `${counted(own, "place")} to cut`;
  const side = Math.abs(x - middle) < 5 ? "middle" : x < middle ? "end" : "start";
  const offset = side === "middle" ? 0 : side === "end" ? -radius - 6 : radius + 6;
  const isAbove = side === "middle" && index === 0;
  const choose = () => select({ either: selection.either === index ? null : index });
  return element("g", {
    class: `node${index === 0 ? " first" : ""}${selection.either === index ? " chosen" : ""}`,
    tabindex: 0, role: "button", "aria-label": text, "data-service": index, onclick: choose,
    onkeydown: (event) => {
      if (event.key !== "Enter" && event.key !== " ") return;
      event.preventDefault();
      choose();
      document.querySelector(`#graph [data-service="${index}"]`).focus();
    },
    onmouseenter: () => showNear(svg, index), onmouseleave: () => showNear(svg, selection.either),
    onfocus: () => showNear(svg, index), onblur: () => showNear(svg, selection.either),
  },
  element("circle", { cx: x, cy: y, r: radius }),
  element("text", {
    x: x + offset, y: side === "middle" ? y + (isAbove ? -radius - 7 : radius + 17) : y + 5,
    "text-anchor": side,
  }, service.name),
  element("title", {}, text));
}

function showNear(svg, index) {
  svg.classList.toggle("focused", index !== null);
  for (const part of svg.querySelectorAll("[data-from]")) {
    part.classList.toggle(
      "near", part.dataset.from === String(index) || part.dataset.to === String(index));
  }
}
listeners.push(() => {
  drawGraph();
  showNear(document.querySelector("#graph svg"), selection.either);
});
