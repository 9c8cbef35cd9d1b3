// SPDX-License-Identifier: Apache-2.0
// Plans that move routes: the stage each is in, why it holds, what its gates say, orders to it.

import {
  button, element, hideButton, keyed, rows, scrolling, setAttribute, setText, table,
} from "./elements.js";
import { count, duration, evidence, percent, share } from "./formats.js";
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
  const gatesPart = element(
    "details", {}, element("summary", {}, "Gates"), scrolling(gates.node, `Gates of ${name}`));
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
      setText(progress, `Soaked ${duration(cutover.soakedSeconds)}`
        + ` of ${duration(stage.soakSeconds)}`
        + `, ${count(cutover.judged)}${stage.minimum ? ` of ${count(stage.minimum)}` : ""}`
        + " requests judged");
    }
    for (const [action, node] of buttons) hideButton(node, !orders[action].fits(cutover), title);
    gatesPart.hidden = cutover.gates.length === 0 || cutover.phase !== "under-way";
    gates.update(cutover.gates.map((gate) => [
      `${gate.gate}${cutover.routes.length > 1 ? ` of ${gate.route}` : ""}`,
      gate.ceiling === undefined
        ? tally(gate.legacy) : `tolerated: ${share(gate.ceiling, 1)}`,
      tally(gate.extracted), `${evidence(gate.evidence)} of ${evidence(gate.threshold)}`,
    ]));
  }

  return { node, update };
}

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
  if (cutover.phase === "ended" && cutover.endedBy) {
    const moved = `Its routes were moved otherwise by entry ${cutover.endedBy} of the journal`;
    return cutover.percent > 0
      ? `${moved}: up to ${cutover.percent} % stay on the new side, and no gate watches.`
      : `${moved}.`;
  }
  return "";
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
