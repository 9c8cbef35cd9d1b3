// SPDX-License-Identifier: Apache-2.0
// What comparing both sides' answers found, and pairs of answers side by side.

import { get } from "./api.js";
import { button, element, keyed, rows, scrolling, setText, table } from "./elements.js";
import { count, milliseconds, moment, percent, share } from "./formats.js";

/** Paths listed of each endpoint, and endpoints listed. */
const [longest, endpoints] = [10, 50];
const find = (id) => document.getElementById(id);

/** Live shadows, one line for each route. */
export function showShadows(parent, shadows) {
  keyed(parent, shadows.length ? [shadows] : [], () => "live", () => {
    const numbers = table(
      ["Route", "Shadow", "Sent", "Compared", "Matched", "Dropped", "Breaker"], "Live shadows");
    return {
      node: element("article", { class: "panel", "aria-label": "Live shadows" },
        scrolling(numbers.node, "Live shadows")),
      update(all) { numbers.update(all.map(line)); },
    };
  });
}

const sum = (counts) => Object.values(counts).reduce((total, each) => total + each, 0);

function line(shadow) {
  const { outcomes, dropped } = shadow;
  const compared = sum(outcomes) - (outcomes["legacy-error"] ?? 0);
  const same = (outcomes.matched ?? 0) + (outcomes.ignored ?? 0);
  const drops = Object.entries(dropped).filter(([, number]) => number)
    .map(([reason, number]) => `${reason} ${count(number)}`).join(", ");
  return [
    shadow.route, shadow.shadow, count(shadow.sent), count(compared), share(same, compared),
    drops || "0", shadow.breaker,
  ];
}

/** Which run the evidence is of, as strangler shadow report says it. */
const heading = ({ number, source, legacy, extracted }) =>
  `Run ${number}, ${source}: ${legacy} as legacy, ${extracted} extracted.`;

/** Evidence from the file: match rates and the paths that differ most. Says how many it shows. */
export function showEvidence(parent, report) {
  setText(find("evidence-run"), report.runs.map(heading).join(" "));
  const shown = report.endpoints.filter((endpoint) => endpoint.requests > 0)
    .sort((one, other) => alarm(other) - alarm(one) || differing(other) - differing(one))
    .slice(0, endpoints);
  keyed(parent, shown, (endpoint) => endpoint.name, card);
  return shown.length;
}

const times = (paths) => paths.reduce((total, path) => total + path.count, 0);
const alarm = (endpoint) => times(endpoint.paths.filter((path) => path.isDifference));
const differing = (endpoint) => times(endpoint.paths);

function card(first) {
  const figure = element("span", { class: "figure" });
  const facts = element("p", { class: "quiet" });
  const body = element("tbody");
  const head = ["Path", "Verdict", "Times", "Legacy", "Extracted", "Answers"];
  const paths = scrolling(element(
    "table", {}, element("caption", { class: "hidden" }, `Differing paths of ${first.name}`),
    element("thead", {},
      element("tr", {}, ...head.map((name) => element("th", { scope: "col" }, name)))),
    body), `Differing paths of ${first.name}`);
  const node = element(
    "article", { class: "panel endpoint", "aria-label": `Endpoint ${first.name}` },
    element("div", { class: "heading" }, element("h3", { class: "mono" }, first.name), figure),
    facts, paths);

  function update(endpoint) {
    setText(figure, endpoint.matchRate === null
      ? "\u2013" : `${percent(100 * endpoint.matchRate)} match`);
    setText(facts, describe(endpoint));
    paths.hidden = endpoint.paths.length === 0;
    rows(body, endpoint.paths.slice(0, longest), pathRow);
  }

  return { node, update };
}

function describe(endpoint) {
  const [low, high] = endpoint.matchRateInterval;
  const told = [
    `${count(endpoint.requests)} ${endpoint.requests === 1 ? "comparison" : "comparisons"}`
      + ", match rate between "
      + `${percent(100 * low)} and ${percent(100 * high)} at every look`,
  ];
  const latency = endpoint.latencyMicroseconds;
  if (latency) {
    told.push(`p95 ${milliseconds(latency.legacy.p95 / 1000)} on legacy, `
      + `${milliseconds(latency.extracted.p95 / 1000)} extracted`);
  }
  const dropped = sum(endpoint.notCompared);
  if (dropped) told.push(`${count(dropped)} not compared`);
  const hidden = endpoint.paths.length - longest;
  if (hidden > 0) told.push(`${hidden} more differing paths in strangler shadow report`);
  return `${told.join("; ")}.`;
}

function pathRow(path) {
  const verdict = path.approval ? "approved noise" : path.label;
  const state = path.isDifference ? "bad" : "wait";
  const shows = path.pairs.map((number) => {
    const node = button(`${number}`, () => showPair(number), "small");
    node.setAttribute("aria-label", `Show pair ${number} side by side`);
    return node;
  });
  return element(
    "tr", {},
    element("th", { scope: "row", class: "mono" }, `${path.path} (${path.kind})`),
    element("td", {}, element("span", { class: "pill", "data-state": state }, verdict)),
    element("td", {}, count(path.count)),
    element("td", { class: "mono value" }, path.legacyExample ?? "\u2013"),
    element("td", { class: "mono value" }, path.extractedExample ?? "\u2013"),
    element("td", {}, ...shows));
}

async function showPair(number) {
  const dialog = find("pair");
  setText(find("pair-title"), `Pair ${number}`);
  setText(find("pair-facts"), "Loading");
  find("pair-lines").replaceChildren();
  dialog.showModal();
  try {
    const pair = await get(`/shadows/pairs/${number}`);
    const differences = pair.differences.length;
    setText(find("pair-title"), `Pair ${number}: ${pair.request}`);
    setText(find("pair-facts"), `${pair.endpoint}, compared ${moment(pair.comparedAt)}. `
      + (differences === 1 ? "1 difference." : `${differences} differences.`));
    find("pair-lines").replaceChildren(...pair.lines.map(diffRow));
  } catch (error) {
    setText(find("pair-facts"), error.message);
  }
}

/** A line of both answers; what only one of them says is marked by more than its colour. */
function diffRow({ legacy, extracted, isChanged }) {
  const cell = (text, kind, mark) => {
    const node = element("td", { class: isChanged ? kind : undefined });
    if (isChanged && text !== undefined) node.append(element("span", { class: "mark" }, mark));
    node.append(text ?? "");
    return node;
  };
  return element(
    "tr", { class: isChanged ? undefined : "same" },
    cell(legacy, "gone", "\u2212"), cell(extracted, "new", "+"));
}

find("pair-close").addEventListener("click", () => find("pair").close());
