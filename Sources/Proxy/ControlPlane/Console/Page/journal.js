// SPDX-License-Identifier: Apache-2.0
// What was done, by whom and why, newest first; and back to any of it.

import { get } from "./api.js";
import { button, element, keyed } from "./elements.js";
import { moment, percent } from "./formats.js";
import { ask } from "./orders.js";

/** Entries asked for at once, and how often: most may only have written a state down. */
const [page, pages, shown] = [200, 5, 50];

/** Entries that say something, newest first. */
export async function readJournal(sequence) {
  const found = [];
  let end = sequence;
  for (let turn = 0; turn < pages && end > 0 && found.length < shown; turn += 1) {
    const start = Math.max(0, end - page);
    const { entries } = await get(`/journal?after=${start}&limit=${end - start}`);
    found.push(...entries.filter((entry) => !entry.isState).reverse());
    end = start;
  }
  return found.slice(0, shown);
}

/** Moves of routes, for marks in the plots. */
export function movesOf(entries) {
  return entries.flatMap((entry) => entry.moves.map((move) => ({
    route: move.route, at: Date.parse(entry.at),
    text: `${percent(move.from)} to ${percent(move.to)}, ${entry.reason}`,
  })));
}

export function showJournal(list, entries) {
  keyed(list, entries, (entry) => entry.sequence, item);
}

function item(entry) {
  const time = element("time", { datetime: entry.at }, moment(entry.at));
  const moves = entry.moves.map((move) => element(
    "li", { class: move.to < move.from ? "down" : "up" },
    `${move.route}: ${percent(move.from)} \u2192 ${percent(move.to)}`));
  const meta = element(
    "p", { class: "meta" }, `${entry.sequence} \u00b7 `, time, ` \u00b7 ${entry.actor}`);
  if (entry.isAutomatic) {
    meta.append(element("span", { class: "pill", "data-state": "warn" }, "automatic"));
  }
  const node = element(
    "li", { class: "entry", "data-entry": entry.sequence }, meta,
    element("p", { class: "reason" },
      entry.cutover ? element("b", {}, `${entry.cutover}: `) : "", entry.reason));
  if (moves.length) node.append(element("ul", { class: "moves" }, ...moves));
  if (entry.evidence) {
    node.append(element(
      "details", {}, element("summary", {}, "Evidence"), element("pre", {}, entry.evidence)));
  }
  const revert = button("Revert to here", () => ask({
    title: `Revert to entry ${entry.sequence}`, label: "Revert", isDanger: true,
    effect: "Every route goes back to where it stood after that entry.", method: "POST",
    canSkip: true, path: "/journal/revert", body: { to: entry.sequence },
  }), "small");
  revert.setAttribute("aria-label", `Revert to entry ${entry.sequence}`);
  node.append(revert);
  return { node, update() {} };
}
