// SPDX-License-Identifier: Apache-2.0
// Tables that move while they are written, and how much of the monolith is left.

import { get } from "./api.js";
import {
  button, element, hideButton, keyed, rows, scrolling, setAttribute, setText, table,
} from "./elements.js";
import { count, milliseconds, moment, share } from "./formats.js";
import { ask } from "./orders.js";

/** Decisions and rows that differ that are listed. */
const [decisions, drifts] = [8, 5];

const orders = {
  advance: {
    label: "Advance", kind: "primary",
    // The last step has no way back, and an order of its own.
    fits: ({ way }) => !way.isSettled || (way.next && way.next !== way.states.at(-1)),
    effect: ({ way, from, to }) => (way.isSettled
      ? `${from} to ${to}: from ${way.state} to ${way.next}, if every gate holds.`
      : `${from} to ${to}: goes on or turns back, as the state says.`),
  },
  retreat: {
    label: "Retreat", kind: "danger", fits: ({ way }) => way.back !== undefined || !way.isSettled,
    effect: ({ way, from, to }) => (way.isSettled
      ? `${from} to ${to}: from ${way.state} back to ${way.back}. Nothing that was written is lost.`
      : `${from} to ${to}: turns back what is under way.`),
  },
  cutover: {
    label: "Cut over",
    fits: ({ way }) => way.isSettled && ["dual-write-legacy-reads", "dual-write-new-reads"]
      .includes(way.state),
    effect: ({ way, from, to }) =>
      `${from} to ${to}: from ${way.state} to new-primary, if every gate holds on the way.`,
  },
  backfill: {
    label: "Backfill",
    fits: ({ way, backfill }) => way.isSettled && way.writes === "legacy"
      && way.follower !== "free" && backfill.state !== "finished",
    effect: ({ from, to }) => `Copies what ${from} has and ${to} has not, from where it ended last.`,
  },
  repair: {
    label: "Repair", fits: ({ way }) => way.isSettled && way.follower === "follower",
    effect: ({ way, from, to }) =>
      `Carries rows that differ over again, from ${way.writes === "legacy" ? from : to}, which takes `
        + "the writes.",
  },
  retire: {
    label: "Retire", kind: "danger", repeatsName: true,
    fits: ({ way }) => way.isSettled && way.next === way.states.at(-1),
    effect: ({ from, to }) => `Freezes ${from} for ever: ${to} alone has the rows from then on, `
      + "nothing is carried back, and no order leads back here.",
  },
  verify: {
    label: "Verify", fits: ({ way }) => way.isSettled && !["free", "closed"].includes(way.follower),
    effect: ({ from, to }) =>
      `Compares every row of ${from} with ${to} while they are written. No row is changed but by `
        + "what is on its way.",
  },
};

/** What is asked without changing anything, and shown on the card. */
const questions = {
  plan: { label: "Plan", show: planned }, check: { label: "Check", show: checked },
};

export function showData(parent, mappings) {
  const shown = mappings.map((mapping) => ({
    ...mapping,
    way: {
      ...mapping.way,
      follower: mapping.way.writes === "legacy" ? mapping.newFence : mapping.legacyFence,
    },
  }));
  keyed(parent, shown, (mapping) => mapping.name, (mapping) => card(mapping.name));
}

function card(name) {
  let current;
  const title = element("h3", { tabindex: "-1" }, name);
  const pill = element("span", { class: "pill" });
  const lag = element("span", { class: "figure" });
  const places = element("p", { class: "quiet" });
  const summary = element("p", { class: "hold" });
  const states = element("ol", { class: "stages", "aria-label": `States of ${name}` });
  const progress = element("p", { class: "quiet" });
  const refused = element("ul", { class: "refusals" });
  const verified = element("p", { class: "quiet" });
  const gates = table(["Gate of the next step", "It", "Missing"], `Gates of ${name}`);
  const gatesPart = scrolling(gates.node, `Gates of ${name}`);
  const drift = table(["Row", "How", "Columns"], `Rows of ${name} that differ`);
  const driftPart = scrolling(drift.node, `Rows of ${name} that differ`);
  const history = element("ol", { class: "decisions", "aria-label": `Decisions about ${name}` });
  const historyPart = element("details", {}, element("summary", {}, "History"), history);
  historyPart.open = true;
  const buttons = new Map(Object.entries(orders).map(([action, order]) => [
    action,
    button(order.label, () => ask({
      title: `${order.label}: ${name}`, label: order.label, isDanger: order.kind === "danger",
      effect: order.effect(current), method: "POST", body: {},
      path: `/data/${encodeURIComponent(name)}/${action}`,
      repeats: order.repeatsName ? name : undefined,
    }), order.kind),
  ]));
  const told = element(
    "div", { class: "told", role: "status", "aria-label": `Answers on ${name}` });
  const asking = Object.entries(questions).map(([path, question]) => {
    const node = button(question.label, () => tell(told, node, name, path, question));
    setAttribute(node, "aria-label", `${question.label} ${name}`);
    node.dataset.action = path;
    return node;
  });
  for (const [action, node] of buttons) {
    setAttribute(node, "aria-label", `${orders[action].label} ${name}`);
    node.dataset.action = action;
  }
  const node = element(
    "article", { class: "panel", "data-mapping": name, "aria-label": `Mapping ${name}` },
    element("div", { class: "heading" }, title, pill, lag), places, states, summary, progress,
    refused, verified, driftPart,
    element("div", { class: "buttons" }, ...asking, ...buttons.values()), told, gatesPart, historyPart);

  function update(mapping) {
    current = mapping;
    const { way } = mapping;
    const kind = stateOf(mapping);
    setText(pill, way.isSettled ? way.state : `to ${way.target}`);
    pill.dataset.state = kind;
    setText(lag, `lag ${count(mapping.waiting)}`);
    setText(places, `${mapping.from} \u2192 ${mapping.to}, epoch ${mapping.epoch}`);
    setText(summary, `${way.summary[0].toUpperCase()}${way.summary.slice(1)}.`);
    showStates(states, way);
    setText(progress, progressOf(mapping));
    rows(refused, mapping.refused, (text) => element("li", {}, text));
    refused.hidden = mapping.refused.length === 0;
    setText(verified, verifiedText(mapping.verification));
    verified.hidden = verified.textContent === "";
    const found = mapping.verification?.found?.rows ?? [];
    driftPart.hidden = found.length === 0;
    drift.update(found.slice(0, drifts).map((row) => [row.key, row.kind, columnsOf(row)]));
    for (const [action, node] of buttons) hideButton(node, !orders[action].fits(mapping), title);
    gatesPart.hidden = mapping.gates.length === 0;
    gates.update(mapping.gates.map((gate) => [
      gate.name, gate.outcome === "open" ? "is found out by the step" : gate.outcome,
      gate.missing.join("; "),
    ]));
    historyPart.hidden = mapping.history.length === 0;
    rows(history, mapping.history.slice(0, decisions), decision);
  }

  return { node, update };
}

/** Asks, and shows the answer until something else is asked. */
async function tell(told, node, name, path, { label, show }) {
  node.disabled = true;
  const asks = `${label} of ${name}: the stores are asked.`;
  told.replaceChildren(element("p", { class: "quiet" }, asks));
  try {
    told.replaceChildren(...show(name, await get(`/data/${encodeURIComponent(name)}/${path}`)));
  } catch (error) {
    told.replaceChildren(element("p", { class: "error" }, `${label} of ${name}: ${error.message}`));
  } finally {
    node.disabled = false;
  }
}

function planned(name, { table: plan, warnings }) {
  const { rows: amount, precision, chunks, chunkRows } = plan;
  const much = amount === undefined ? "too many rows to count in time"
    : `${precision === "exactly" ? "" : `${precision} `}${count(amount)} rows in ${count(chunks)} `
      + `${chunks === 1 ? "chunk" : "chunks"} of ${count(chunkRows)}`;
  const back = plan.reverse.length
    ? `The reverse stream writes ${plan.reverse.join(", ")}.` : "There is no reverse stream.";
  const columns = table(["Column", "From", "Carried back"], `Columns of ${name}`);
  columns.update(plan.columns.map((column) => [
    column.name, column.from, column.isReversed ? "yes" : "no",
  ]));
  const statements = [
    ["Read by", plan.reads], ["Written by", plan.writes], ["Changes written by", plan.changes],
    ["Written back by", plan.reverseWrites],
  ].filter(([, sql]) => sql);
  const sql = element(
    "details", {}, element("summary", {}, "SQL"),
    ...statements.flatMap(([title, text]) => [
      element("p", { class: "meta" }, title), element("pre", {}, element("code", {}, text)),
    ]));
  return [
    element("p", {}, `${plan.from} \u2192 ${plan.to}: ${much}, by ${plan.key.join(", ")}. ${back}`),
    ...warnings.map((text) => element("p", { class: "hold" }, `Warning: ${text}.`)),
    scrolling(columns.node, `Columns of ${name}`), sql,
  ];
}

function checked(name, { isUsable, findings, questions: asked }) {
  const outcomes = ["holds", "sampled", "broken", "open"]
    .map((outcome) => [outcome, asked.filter((question) => question.outcome === outcome).length])
    .filter(([, number]) => number).map(([outcome, number]) => `${count(number)} ${outcome}`);
  const about = outcomes.length
    ? `questions to the rows: ${outcomes.join(", ")}` : "nothing to ask of the rows";
  const list = element("ul", { class: "refusals" }, ...findings.map((finding) => {
    const row = finding.counterexample ? ` (${finding.counterexample.text})` : "";
    return element("li", {}, `${finding.severity}: ${finding.key}: ${finding.message}${row}`);
  }));
  list.hidden = findings.length === 0;
  return [
    element("p", {}, `${name} ${isUsable ? "can run" : "cannot run as it is"}; ${about}.`), list,
  ];
}

function stateOf({ way, refused }) {
  if (refused.length) return "bad";
  if (!way.isSettled) return "warn";
  return way.state === way.states[0] ? "wait" : "good";
}

function showStates(list, { state, target, isSettled, states }) {
  const reached = states.indexOf(state);
  rows(list, states.map((name, index) => {
    const place = index < reached ? "done" : index === reached ? "now" : "next";
    return [name, !isSettled && name === target ? "target" : place];
  }), ([name, place]) => {
    const item = element("li", { class: place }, name);
    if (place === "now") item.setAttribute("aria-current", "step");
    if (place === "target") item.append(element("span", { class: "asks" }, "under way"));
    return item;
  });
}

function progressOf({ waiting, backfill, order, legacyFence, newFence }) {
  const rowsRead = backfill.rows === undefined ? "" : `, ${count(backfill.rows)} rows read`;
  const told = [
    `${count(waiting)} ${waiting === 1 ? "change waits" : "changes wait"} to be carried over`,
    `backfill ${backfill.state}${rowsRead}`, `legacy ${legacyFence}, new ${newFence}`,
  ];
  if (order?.state === "running") told.push(`${order.order} by ${order.actor} is under way`);
  if (order?.pauseMilliseconds > 0) {
    told.push(`writes paused for ${milliseconds(order.pauseMilliseconds)} the last time`);
  }
  return `${told.join("; ")}.`;
}

function verifiedText(verification) {
  if (!verification) return "";
  const { state, rowsRead, startedAt, endedAt, failure, found } = verification;
  if (state === "running") {
    return `Compared since ${moment(Date.parse(startedAt))}: ${count(rowsRead)} rows read.`;
  }
  const when = `at ${moment(Date.parse(endedAt))}`;
  if (state === "failed") return `The comparison failed ${when}: ${failure}`;
  const all = `${count(found.legacyRows)} rows of legacy, ${count(found.newRows)} of the new side`;
  if (state === "equal") return `Equal ${when}: ${all}, in ${count(found.checks)} ranges.`;
  const kinds = Object.entries(found.counts).filter(([, number]) => number)
    .map(([kind, number]) => `${count(number)} ${kind}`);
  if (found.unsettled) kinds.push(`${count(found.unsettled)} on their way at every look`);
  return `Different ${when}: ${kinds.join(", ")}; ${all}.`;
}

const columnsOf = ({ columns }) => columns
  .map(({ name, legacy, new: other }) =>
    `${name}: ${legacy ?? "nothing"} in legacy, ${other ?? "nothing"} on the new side`)
  .join("; ");

function decision({ at, actor, reason, action, from, to, evidence }) {
  const time = element("time", { datetime: at }, moment(Date.parse(at)));
  return element(
    "li", {}, element("p", { class: "meta" }, time, ` \u00b7 ${actor} \u00b7 ${action}`),
    element("p", {}, `${from} \u2192 ${to}: ${reason}${evidence ? ` (${evidence})` : ""}`));
}

// MARK: How much is left

const doneWords = { routes: "extracted", traffic: "answered by the extracted side" };

/** Bars for what a proxy knows; the command tells of code and events. */
export function showLeft(parent, measures) {
  keyed(parent, measures, (measure) => measure.name, (measure) => {
    const bars = element("div");
    const next = element("p", { class: "quiet" });
    const node = element(
      "article",
      { class: "panel left", "data-measure": measure.name, "aria-label": `Left: ${measure.name}` },
      element("h3", {}, measure.name), bars, next);
    return {
      node,
      update({ name, counts, next: step }) {
        keyed(bars, counts.length ? counts : [{ unit: "" }], ({ unit }) => unit, () => bar(name));
        const by = step?.command ? `: ${step.command}` : "";
        setText(next, step ? `Next: ${step.text}${by}` : "Nothing is left to do.");
      },
    };
  });
}

function bar(name) {
  const fill = element("span", { class: "fill" });
  const track = element("div", { class: "bar", "aria-hidden": "true" }, fill);
  const text = element("p", { class: "split" });
  return {
    node: element("div", {}, track, text),
    update({ unit, extracted, underWay, unknown, total }) {
      track.hidden = !total;
      fill.style.width = `${total ? (100 * extracted) / total : 0}%`;
      if (!total) return setText(text, "Not known yet.");
      const more = [];
      if (underWay) more.push(`${count(underWay)} under way`);
      if (unknown) more.push(`${count(unknown)} not known`);
      setText(text, `${count(extracted)} of ${count(total)} ${unit} `
        + `${doneWords[name] ?? "extracted"} (${share(extracted, total)})`
        + (more.length ? `, ${more.join(", ")}` : ""));
    },
  };
}
