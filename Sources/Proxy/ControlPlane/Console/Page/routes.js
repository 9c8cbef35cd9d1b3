// SPDX-License-Identifier: Apache-2.0
// Routes: the live share, what both sides did in the last minute, and plots of the last minutes.

import { button, element, hideButton, keyed, scrolling, setText, table } from "./elements.js";
import { count, milliseconds, percent, rate, share } from "./formats.js";
import { ask } from "./orders.js";
import { plot, sides } from "./plots.js";

const headings = ["Last minute", "Requests", "Errors", "p50", "p95", "p99", "Since start"];

/** Routes that have two sides; `history` holds what was plotted, `moves` what moved them. */
export function showRoutes(parent, routes, history, moves) {
  keyed(parent, routes.filter((route) => route.extracted), (route) => route.name, card);
  for (const node of parent.children) {
    const name = node.dataset.route;
    drawings.get(node)?.(history.of(name), moves.filter((move) => move.route === name));
  }
}

const drawings = new WeakMap();

function card(first) {
  const name = first.name;
  let current = first;
  const figure = element("span", { class: "figure" });
  const match = element("p", { class: "quiet mono" });
  const fill = element("span", { class: "fill" });
  const bar = element("div", { class: "bar", "aria-hidden": "true" }, fill);
  const split = element("p", { class: "split" });
  const file = element("p", { class: "quiet" });
  const numbers = table(headings, `Both sides of ${name}`);
  const notes = element("p", { class: "quiet" });
  const plots = [
    plot("Requests per second", rate, 1),
    plot("Errors", (value) => (value === null ? "\u2013" : percent(value)), 1),
    plot("p95 latency", milliseconds, 1),
  ];
  const buttons = element(
    "div", { class: "buttons" },
    button("Set share", () => ask({
      title: `Set the share of ${name}`, label: "Set share", method: "PUT", body: {},
      effect: `It is ${percent(current.percent)} now.`, share: current.percent,
      canSkip: current.cutover !== undefined, path: `/routes/${encodeURIComponent(name)}`,
    })),
    button("All to legacy", () => ask({
      title: `All of ${name} to legacy`, label: "All to legacy", isDanger: true, method: "PUT",
      effect: `From ${percent(current.percent)} to 0\u00a0% at once; `
        + "a cutover that moves the route is rolled back.",
      body: { percent: 0 }, path: `/routes/${encodeURIComponent(name)}`,
    }), "danger"));
  for (const node of buttons.children) {
    node.setAttribute("aria-label", `${node.textContent}: ${name}`);
  }
  const node = element(
    "article", { class: "panel route", "data-route": name, "aria-label": `Route ${name}` },
    element("div", { class: "heading" }, element("h3", {}, name), figure), match, bar, split, file,
    scrolling(numbers.node, `Both sides of ${name}`), notes,
    element("div", { class: "plots" }, ...plots.map((each) => each.node)), buttons);

  function update(route) {
    current = route;
    setText(figure, percent(route.percent));
    figure.dataset.percent = route.percent;
    setText(match, route.match);
    fill.style.width = `${route.percent}%`;
    setText(split,
      `${percent(route.percent)} of users on ${route.extracted}, the rest on ${route.legacy}`);
    file.hidden = route.filePercent === undefined || route.filePercent === route.percent;
    setText(file, `The file says ${percent(route.filePercent ?? 0)}.`);
    numbers.update(sides.map((side) => line(side, route.sides[side])));
    setText(notes, remarks(route));
    notes.hidden = notes.textContent === "";
    hideButton(buttons.lastChild, route.percent === 0, buttons.firstChild);
  }

  drawings.set(node, ({ times, points }, moves) => {
    plots.forEach((each, index) => each.update(times, {
      legacy: points.legacy.map((point) => point?.[index] ?? null),
      extracted: points.extracted.map((point) => point?.[index] ?? null),
    }, moves));
  });
  return { node, update };
}

function line(side, numbers) {
  const { requests, errors, p50, p95, p99 } = numbers.lastMinute;
  return [
    side, count(requests),
    requests ? `${share(errors, requests)}${errors ? ` (${count(errors)})` : ""}` : "\u2013",
    milliseconds(p50), milliseconds(p95), milliseconds(p99), count(numbers.requests),
  ];
}

function remarks(route) {
  const told = [];
  if (route.fallbacks) told.push(`${count(route.fallbacks)} reads taken over by legacy`);
  if (route.retries) told.push(`${count(route.retries)} retries`);
  return told.length ? `${told.join(", ")} since the start` : "";
}

/** Routes with legacy alone, folded away. */
export function showWholeRoutes(part, routes) {
  const whole = routes.filter((route) => !route.extracted);
  part.hidden = whole.length === 0;
  setText(part.querySelector("summary"),
    whole.length === 1 ? "1 route has one side" : `${whole.length} routes have one side`);
  const columns = ["Route", "Match", "Upstream", "Last minute", "Errors", "p95"];
  wholeTable ??= table(columns, "Routes with one side");
  const place = part.querySelector(".scroll");
  if (!place.firstChild) place.append(wholeTable.node);
  wholeTable.update(whole.map((route) => {
    const { requests, errors, p95 } = route.sides.legacy.lastMinute;
    return [
      route.name, route.match, route.legacy, count(requests), share(errors, requests),
      milliseconds(p95),
    ];
  }));
}

let wholeTable;
