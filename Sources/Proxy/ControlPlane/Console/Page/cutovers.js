// SPDX-License-Identifier: Apache-2.0
// Plans that move routes: the stage each is in, why it holds, what its gates say, orders to it.

import {
  button, element, hideButton, keyed, rows, scrolling, setAttribute, setText, table,
} from "./elements.js";
import { count, duration, evidence, moment, percent, share, towards } from "./formats.js";
import { ask } from "./orders.js";

const phases = {
  ready: "Not started", "under-way": "Under way", completed: "Completed",
  "rolled-back": "Rolled back", ended: "Ended",
};

const orders = {
  start: {
    label: "Start", kind: "primary",
    fits: (cutover) => ["ready", "rolled-back", "ended"].includes(cutover.phase),
    effect: (cutover) =>
      `${moving(cutover, cutover.stages[0].percent)}, the first stage of the plan.`,
  },
  approve: {
    label: "Approve", kind: "primary", fits: (cutover) => cutover.isAwaitingApproval,
    // What is shown is what is approved: the proxy refuses it when the plan moved on since.
    body: (cutover) => ({ stage: cutover.stage + 1, plan: cutover.plan }),
    effect: (cutover) => {
      const next = cutover.stages[cutover.stage];
      return `${moving(cutover, next?.percent ?? cutover.percent)}, the next stage of the plan.`;
    },
  },
  pause: {
    label: "Pause", fits: (cutover) => cutover.phase === "under-way" && !cutover.isPaused,
    effect: (cutover) =>
      `${routesOf(cutover)}: stays at ${percent(cutover.percent)}. The gates stay awake.`,
  },
  resume: {
    label: "Resume", fits: (cutover) => cutover.isPaused,
    effect: (cutover) => `${routesOf(cutover)}: goes on with the plan.`,
  },
  rollback: {
    label: "Roll back", kind: "danger",
    fits: (cutover) => ["under-way", "completed"].includes(cutover.phase),
    effect: (cutover) => `${moving(cutover, 0)} at once: everybody goes to legacy.`,
  },
};

const routesOf = (cutover) =>
  `${cutover.routes.length === 1 ? "Route" : "Routes"} ${cutover.routes.join(", ")}`;

const moving = (cutover, share) =>
  `${routesOf(cutover)}: ${percent(cutover.percent)} \u2192 ${percent(share)}`;

export function showCutovers(parent, cutovers) {
  keyed(parent, cutovers, (cutover) => cutover.name, (cutover) => card(cutover.name));
}

function card(name) {
  let current;
  const title = element("h3", { tabindex: "-1" }, name);
  const phase = element("span", { class: "pill" });
  const live = element("span", { class: "figure" });
  const routes = element("p", { class: "quiet" });
  const hold = element("p", { class: "hold" });
  const stages = element("ol", { class: "stages", "aria-label": `Stages of ${name}` });
  const progress = element("p", { class: "quiet" });
  const gates = table(["Gate", "Legacy", "Extracted", "Evidence"], `Gates of ${name}`);
  const gatesTitle = element("summary", {}, "Gates");
  const gatesNote = element("p", { class: "quiet" });
  const gatesPart = element(
    "details", {}, gatesTitle, scrolling(gates.node, `Gates of ${name}`), gatesNote);
  gatesPart.open = true;
  const buttons = new Map(Object.entries(orders).map(([action, order]) => [
    action,
    button(order.label, () => ask({
      title: `${order.label}: ${name}`, label: order.label, isDanger: order.kind === "danger",
      effect: order.effect(current), method: "POST",
      body: order.body?.(current) ?? {},
      path: `/cutovers/${encodeURIComponent(name)}/${action}`,
    }), order.kind),
  ]));
  for (const [action, node] of buttons) {
    setAttribute(node, "aria-label", `${orders[action].label} ${name}`);
    node.dataset.action = action;
  }
  const node = element(
    "article", { class: "panel cutover", "data-cutover": name, "aria-label": `Cutover ${name}` },
    element("div", { class: "heading" }, title, phase, live), routes, stages, hold, progress,
    element("div", { class: "buttons" }, ...buttons.values()), gatesPart);

  function update(cutover) {
    current = cutover;
    setText(phase, cutover.isPaused ? "Paused" : phases[cutover.phase] ?? cutover.phase);
    phase.dataset.state = stateOf(cutover);
    setText(live, percent(cutover.percent));
    setText(routes, `Moves ${cutover.routes.join(", ")}`
      + (cutover.isOutdated ? "; the file has another plan, for the next start" : ""));
    setText(hold, holdText(cutover));
    hold.hidden = hold.textContent === "";
    showStages(stages, cutover);
    const stage = cutover.stages[cutover.stage - 1];
    progress.hidden = cutover.phase !== "under-way" || !stage;
    if (stage) {
      const judged = stage.percent === 0 ? "comparisons judged" : "requests judged";
      setText(progress,
        `Soaked ${towards(cutover.soakedSeconds, stage.soakSeconds, duration)}; `
          + towards(cutover.judged, stage.minimum, count, judged));
    }
    for (const [action, node] of buttons) hideButton(node, !orders[action].fits(cutover), title);
    const shown = gatesOf(cutover);
    gatesPart.hidden = shown.length === 0;
    setText(gatesTitle,
      cutover.phase === "rolled-back" ? "Gates when it was taken back" : "Gates");
    setText(gatesNote, slownessNote(shown));
    gatesNote.hidden = gatesNote.textContent === "";
    gates.update(shown.map((gate) => [
      `${gateName(gate)}${cutover.routes.length > 1 ? ` of ${gate.route}` : ""}`,
      gate.ceiling === undefined
        ? tally(gate.legacy) : `tolerated: ${share(gate.ceiling, 1)}`,
      tally(gate.extracted), `${evidence(gate.evidence)} of ${evidence(gate.threshold)}`,
    ]));
  }

  return { node, update };
}

/** What gates say, and of a cutover that was taken back what led to it. */
function gatesOf({ phase, gates }) {
  if (phase === "under-way") return gates;
  if (phase !== "rolled-back") return [];
  return gates.filter(({ legacy, extracted }) => legacy.requests + extracted.requests > 0);
}

const isOfLatency = ({ gate }) => /^p\d/.test(gate);

const slower = "slower than legacy\u2019s";
const gateName = (gate) => (isOfLatency(gate) ? `${slower} ${gate.gate}` : gate.gate);

/** A gate of latency counts requests: its numbers are no times. */
const slownessNote = (gates) => (gates.some(isOfLatency)
  ? `\u201c${slower} p95\u201d counts requests that took longer than 95\u00a0% of legacy\u2019s `
    + "do at the moment; on the extracted side, than that and what the plan tolerates on top."
  : "");

const tally = (counts) =>
  `${share(counts.bad, counts.requests)} (${count(counts.bad)} of ${count(counts.requests)})`;

function stateOf(cutover) {
  if (cutover.phase === "rolled-back") return "bad";
  if (cutover.isAwaitingApproval || cutover.isPaused) return "warn";
  return cutover.phase === "under-way" || cutover.phase === "completed" ? "good" : "wait";
}

/** What moved or turned between two states, for people who do not see it. */
export function turnsBetween(former, cutovers) {
  const known = new Map((former ?? []).map((cutover) => [cutover.name, cutover]));
  return cutovers.flatMap((cutover) => {
    const before = known.get(cutover.name);
    const isSame = before?.percent === cutover.percent && before.phase === cutover.phase;
    if (!before || isSame) return [];
    return [`${cutover.name}: ${percent(cutover.percent)}, ${phases[cutover.phase]}`];
  });
}

function holdText(cutover) {
  if (cutover.phase === "under-way" && cutover.holdText) return `Holds: ${cutover.holdText}.`;
  const { end } = cutover;
  if (cutover.phase === "rolled-back" && end) return `Taken back ${endText(end)}`;
  if (cutover.phase === "ended" && cutover.endedBy) {
    const moved = "Its routes were moved otherwise "
      + (end ? endText(end) : `by entry ${cutover.endedBy} of the journal.`);
    return cutover.percent > 0
      ? `${moved} Up to ${cutover.percent} % stay on the new side, and no gate watches.` : moved;
  }
  return "";
}

/** Who, when and why, with the counts of the gate that fired. */
function endText({ entry, at, actor, reason, isAutomatic }) {
  const who = isAutomatic ? "automatically" : `by ${actor}`;
  return `${who} at ${moment(at)}, entry ${entry} of the journal: ${reason}`
    + (/[.!?]$/.test(reason) ? "" : ".");
}

function showStages(list, cutover) {
  const isThere = ["under-way", "rolled-back"].includes(cutover.phase);
  rows(list, cutover.stages.map((stage, index) => {
    const position = index + 1 - cutover.stage;
    const place = cutover.phase === "completed" || (isThere && position < 0)
      ? "done" : isThere && position === 0 ? "now" : "next";
    return [stage.percent, stage.needsApproval, place, cutover.phase];
  }), ([share, needsApproval, place, phase]) => {
    const isNow = place === "now" && phase === "under-way";
    const item = element(
      "li", { class: place === "now" && !isNow ? "left" : place },
      share === 0 ? "shadow" : percent(share));
    if (isNow) item.setAttribute("aria-current", "step");
    if (needsApproval) item.append(element("span", { class: "asks" }, "approval"));
    return item;
  });
}
