// SPDX-License-Identifier: Apache-2.0
// Sagas: a list that can be narrowed to a state, and the timeline of one of them.

import { get } from "./api.js";
import { button, element, keyed, rows, setAttribute, setText } from "./elements.js";
import { milliseconds, moment } from "./formats.js";

/** Sagas that are listed at most. */
const limit = 50;

const kinds = {
  running: "wait", compensating: "warn", stuck: "bad", completed: "good", compensated: "good",
};

/** The state that is asked for; "" for all. */
let filter = "";
/** The saga whose timeline is shown; undefined for none. */
let chosen;
let lookAgain = () => {};

/** Asks anew whenever somebody chooses another state. */
export function watchFilter(select, look) {
  lookAgain = look;
  select.addEventListener("change", () => {
    filter = select.value;
    look();
  });
}

/** What there is to show now; undefined where somebody asked for something else meanwhile. */
export async function readSagas() {
  const query = new URLSearchParams({ limit });
  if (filter) query.set("state", filter);
  const [asked, id] = [filter, chosen];
  const timeline = id === undefined ? undefined : readTimeline(id);
  const { sagas } = await get(`/sagas?${query}`);
  const answer = { list: sagas, filter: asked, timeline: await timeline };
  return asked === filter && id === chosen ? answer : undefined;
}

/** One that was removed meanwhile has no timeline. */
async function readTimeline(id) {
  try {
    return await get(`/sagas/${encodeURIComponent(id)}`);
  } catch (error) {
    if (error.status === 404) return undefined;
    throw error;
  }
}

function choose(id) {
  chosen = id;
  lookAgain();
}

export function showSagas(listPlace, timelinePlace, { list, filter: asked, timeline }) {
  keyed(listPlace, [list], () => "list", () => sagaList());
  listPlace.firstChild.dataset.filter = asked ?? "";
  const shown = timeline && timeline.saga.id === chosen ? [timeline] : [];
  keyed(timelinePlace, shown, ({ saga }) => saga.id, ({ saga }) => card(saga.id));
}

// MARK: The list

function sagaList() {
  const list = element("ul", { class: "sagas", "aria-label": "Sagas" });
  const none = element("p", { class: "quiet" }, "There is none.");
  return {
    node: element("div", {}, list, none),
    update(sagas) {
      none.hidden = sagas.length > 0;
      keyed(list, sagas, ({ id }) => id, ({ id }) => line(id));
    },
  };
}

function line(id) {
  const pill = element("span", { class: "pill" });
  const open = button(id, () => choose(chosen === id ? undefined : id), "small mono");
  const text = element("span");
  const failure = element("p", { class: "quiet" });
  const node = element(
    "li", { "data-saga": id }, element("div", { class: "heading" }, pill, open, text), failure);
  return {
    node,
    update(saga) {
      setText(pill, saga.state);
      pill.dataset.state = kinds[saga.state];
      setAttribute(open, "aria-expanded", chosen === id);
      setText(text, `${saga.saga} v${saga.version}${position(saga)}, ${begun(saga)}`);
      setText(failure, saga.failure ?? "");
      failure.hidden = !saga.failure;
    },
  };
}

function position({ endedAt, step, direction, stepState, attempts }) {
  if (endedAt || !step) return "";
  const how = stepState ? ` (${stepState}${attempts > 1 ? `, attempt ${attempts}` : ""})` : "";
  return ` at ${named(step, direction)}${how}`;
}

function begun({ begunAt, endedAt }) {
  const start = Date.parse(begunAt);
  return endedAt
    ? `took ${milliseconds(Date.parse(endedAt) - start)}` : `since ${moment(start)}`;
}

const named = (step, direction) => (direction === "undo" ? `undo ${step}` : step);

// MARK: One saga

function card(id) {
  const title = element("h3", { tabindex: "-1" }, id);
  const pill = element("span", { class: "pill" });
  const close = button("Close", () => choose(undefined), "small");
  setAttribute(close, "aria-label", `Close saga ${id}`);
  const waits = element("p", { class: "hold" });
  const times = element("p", { class: "quiet" });
  const failure = element("p", { class: "refusal" });
  const steps = element("ol", { class: "timeline", "aria-label": `Steps of ${id}` });
  const decisions = element("ol", { class: "decisions", "aria-label": `Decisions about ${id}` });
  const node = element(
    "article", { class: "panel", "data-timeline": id, "aria-label": `Saga ${id}` },
    element("div", { class: "heading" }, title, pill, close), waits, times, failure, steps,
    decisions);

  function update(timeline) {
    const { saga } = timeline;
    setText(pill, saga.state);
    pill.dataset.state = kinds[saga.state];
    setText(waits, waitsFor(timeline));
    setText(times, timesOf(timeline));
    setText(failure, saga.failure ? `Because: ${saga.failure}` : "");
    failure.hidden = !saga.failure;
    const start = Date.parse(saga.begunAt);
    const end = Math.max(
      start + 1, saga.endedAt ? Date.parse(saga.endedAt) : 0,
      ...timeline.steps.flatMap(({ begunAt, endedAt, dueAt }) =>
        [begunAt, endedAt, dueAt].filter(Boolean).map((time) => Date.parse(time))));
    rows(steps, timeline.steps.map((step) => ({ ...step, start, end })), stepItem);
    rows(decisions, timeline.decisions, decision);
    decisions.hidden = timeline.decisions.length === 0;
  }

  return { node, update };
}

/** What has to happen before it goes on. */
function waitsFor({ saga, steps, arrivals }) {
  const current = steps.findLast(
    ({ step, direction }) => step === saga.step && direction === saga.direction);
  const waiting = arrivals
    ? ` ${arrivals} ${arrivals === 1 ? "answer or decision waits" : "answers and decisions wait"}.`
    : "";
  if (saga.state === "completed") return "Every step is done.";
  if (saga.state === "compensated") return "What was done is undone.";
  if (saga.state === "stuck") {
    const step = saga.step ? ` at ${named(saga.step, saga.direction)}` : "";
    return `Waits for an operator${step}: strangler saga retry, `
      + `compensate or resolve ${saga.id}.${waiting}`;
  }
  if (!saga.orchestrator) {
    return `Waits for an orchestrator that has ${saga.saga} v${saga.version}.${waiting}`;
  }
  if (!current) return `Begins with ${saga.orchestrator}.${waiting}`;
  const what = named(current.step, current.direction);
  const due = current.dueAt ? ` ${moment(Date.parse(current.dueAt))}` : "";
  return current.state === "waiting"
    ? `Waits for the next attempt of ${what}${due && `, at${due}`}.${waiting}`
    : `Waits for ${what}${due && `, which is given up at${due}`}.${waiting}`;
}

function timesOf({ saga, deadline }) {
  const told = [`${saga.saga} v${saga.version}`, `begun ${moment(Date.parse(saga.begunAt))}`];
  if (saga.endedAt) told.push(`ended ${moment(Date.parse(saga.endedAt))}, ${begun(saga)}`);
  else if (deadline) {
    told.push(`goes back at ${moment(Date.parse(deadline))} unless it is past its pivot`);
  }
  if (saga.orchestrator && !saga.endedAt) told.push(`orchestrator ${saga.orchestrator}`);
  return `${told.join("; ")}.`;
}

function stepItem({ step, direction, kind, state, attempts, mayHaveRun, begunAt, dueAt, endedAt,
  failure, key, start, end }) {
  const [from, to] = [Date.parse(begunAt), Date.parse(endedAt ?? dueAt ?? begunAt)];
  const place = (time) => (100 * (time - start)) / (end - start);
  const bar = element("span", { class: `fill ${direction}`, "data-state": state });
  bar.style.left = `${place(from)}%`;
  bar.style.width = `${Math.max(0.5, place(to) - place(from))}%`;
  const facts = [
    `+${milliseconds(from - start)}`, endedAt ? `took ${milliseconds(to - from)}` : undefined,
    attempts === 1 ? "1 attempt" : `${attempts} attempts`, kind,
    dueAt && !endedAt ? `${state === "waiting" ? "next attempt" : "given up"} at ${moment(to)}`
      : undefined,
    mayHaveRun ? "an attempt may have run" : undefined,
  ].filter(Boolean);
  return element(
    "li", { "data-step": `${direction}:${step}` },
    element(
      "div", { class: "heading" }, element("strong", {}, named(step, direction)),
      element("span", { class: "pill", "data-state": pillOf(state) }, state),
      element("span", { class: "quiet" }, facts.join(" \u00b7 "))),
    element("div", { class: "track", "aria-hidden": "true" }, bar),
    element("p", { class: "quiet mono" }, key),
    ...(failure ? [element("p", { class: "refusal" }, failure)] : []));
}

const pillOf = (state) => ({ done: "good", stuck: "bad", failed: "bad", unknown: "warn",
  waiting: "warn" })[state] ?? "wait";

function decision({ at, actor, order, reason }) {
  const time = element("time", { datetime: at }, moment(Date.parse(at)));
  return element(
    "li", {}, element("p", { class: "meta" }, time, ` \u00b7 ${actor} \u00b7 ${order}`),
    element("p", {}, reason));
}
