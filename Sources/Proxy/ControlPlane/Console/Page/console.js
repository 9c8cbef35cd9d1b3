// SPDX-License-Identifier: Apache-2.0
// The console: signs in, follows the states, shows each.

import { Refusal, follow, forgetToken, get, hasToken, keepToken } from "./api.js";
import { showCutovers, turnsBetween } from "./cutovers.js";
import { showData, showLeft } from "./data.js";
import { element, keyed, setText } from "./elements.js";
import { clock } from "./formats.js";
import { History } from "./history.js";
import { movesOf, readJournal, showJournal } from "./journal.js";
import { announceWith, ask } from "./orders.js";
import { showRoutes, showWholeRoutes } from "./routes.js";
import { readSagas, showSagas, watchFilter } from "./sagas.js";
import { showEvidence, showShadows } from "./shadows.js";

/** Time to the next attempt to connect, in milliseconds. */
const [firstPause, longestPause] = [500, 10_000];
/** Time between two looks at the evidence of comparisons, in milliseconds. */
const evidencePause = 10_000;
/** Time between two looks at the data that moves, in milliseconds. */
const dataPause = 2_000;
/** Time between two looks at the sagas, in milliseconds. */
const sagasPause = 2_000;
/** How long what became of an order is shown, in milliseconds. */
const newsTime = 8_000;

const find = (id) => document.getElementById(id);
const history = new History();
let state;
let journal = { sequence: -1, entries: [] };
let isReadingJournal = false;
let mappings = [];
let isReadingData = false;
/** Why data could not be looked at. */
let dataTrouble;
/** What is known of sagas. */
let sagas = { list: [] };
/** Why sagas could not be looked at. */
let sagasTrouble;
/** Endpoints that were compared. */
let compared = 0;
let lastNews = 0;
let isLost = false;
let said;

// MARK: Connecting

async function connect() {
  let pause = firstPause;
  for (;;) {
    try {
      history.replace(await get("/console/traffic"));
      showContent();
      await follow("/console/events", (next) => {
        pause = firstPause;
        take(next);
      });
    } catch (error) {
      if (error instanceof Refusal && error.status === 401) {
        const problem = hasToken() ? "That is not the token." : "";
        forgetToken();
        return askToken(problem);
      }
      if (error instanceof Refusal) say(error.message);
    }
    isLost = true;
    show();
    await new Promise((done) => setTimeout(done, pause));
    pause = Math.min(2 * pause, longestPause);
  }
}

function showContent() {
  const form = find("sign-in");
  const wasAsked = !form.hidden;
  form.hidden = true;
  find("content").hidden = false;
  if (wasAsked) find("main").focus();
}

function take(next) {
  const turns = turnsBetween(state?.cutovers?.cutovers, next.cutovers?.cutovers ?? []);
  state = next;
  isLost = false;
  lastNews = Date.now();
  history.add(state.traffic);
  if (turns.length) say(turns.join("; "));
  else show();
  readNews();
}

/** What is too long for each state is asked for when it changed. */
async function readNews() {
  const sequence = state.cutovers?.journal.sequence ?? 0;
  if (sequence === journal.sequence || isReadingJournal) return;
  isReadingJournal = true;
  try {
    journal = { sequence, entries: await readJournal(sequence) };
    show();
  } catch (error) {
    say(error.message);
  } finally {
    isReadingJournal = false;
  }
}

async function readEvidence() {
  if (state?.hasEvidence && !document.hidden) {
    try {
      compared = showEvidence(find("evidence"), await get("/shadows/evidence"));
      show();
    } catch (error) {
      say(error.message);
    }
  }
  setTimeout(readEvidence, state ? evidencePause : firstPause);
}

async function readData() {
  if (!state?.hasData || isReadingData) return;
  isReadingData = true;
  try {
    mappings = (await get("/data")).mappings;
    dataTrouble = undefined;
  } catch (error) {
    dataTrouble = error.message;
  } finally {
    isReadingData = false;
  }
  show();
}

async function watchData() {
  if (!document.hidden) await readData();
  setTimeout(watchData, state ? dataPause : firstPause);
}

async function lookAtSagas() {
  if (!state?.hasSagas) return;
  try {
    sagas = (await readSagas()) ?? sagas;
    sagasTrouble = undefined;
  } catch (error) {
    sagasTrouble = error.message;
  }
  show();
}

async function watchSagas() {
  if (!document.hidden) await lookAtSagas();
  setTimeout(watchSagas, state ? sagasPause : firstPause);
}

// MARK: Showing

function show() {
  const overview = state?.cutovers;
  const pill = find("connection");
  pill.dataset.state = isLost ? "bad" : state ? "good" : "wait";
  setText(pill, isLost ? "Not connected" : state ? "Live" : "Connecting");
  showNotices(overview);
  if (!state) return;
  setText(find("installation"), overview?.journal.installation ?? "");
  find("cutovers-section").hidden = !overview?.cutovers.length;
  showCutovers(find("cutovers"), overview?.cutovers ?? []);
  const owners = new Map((overview?.routes ?? []).map((route) => [route.name, route]));
  const routes = state.routes.map((route) => ({ ...owners.get(route.name), ...route }));
  showRoutes(find("routes"), routes, history, movesOf(journal.entries));
  showWholeRoutes(find("whole-routes"), routes);
  find("data-section").hidden = !state.hasData;
  showData(find("data"), mappings);
  find("sagas-section").hidden = !state.hasSagas;
  showSagas(find("sagas"), find("saga"), sagas);
  showLeft(find("left"), state.left ?? []);
  find("shadows-section").hidden = !compared && !state.shadows?.length;
  showShadows(find("shadows"), state.shadows ?? []);
  find("journal-section").hidden = !overview;
  showJournal(find("journal"), journal.entries);
  showSwitches(overview);
}

function showNotices(overview) {
  const notices = [];
  if (isLost && state) {
    notices.push(["bad", `No news since ${clock(lastNews)}: what is shown is old.`]);
  }
  if (state && state.readiness !== "ready") {
    notices.push(["warn", `The proxy is ${state.readiness}.`]);
  }
  if (overview?.isKilled) notices.push(["bad", "The kill switch is on: everybody is with legacy."]);
  if (overview?.isFrozen) notices.push(["warn", "Everything is frozen: nothing is promoted."]);
  const sharing = overview?.journal.sharing;
  if (sharing?.role === "cut-off") {
    const since = `since ${sharing.cutOffSince}`;
    notices.push(["bad", `Cut off from the journal ${since}: it only takes users back.`]);
  } else if (sharing && !overview.isLeading) {
    const leader = sharing.leader ?? "No proxy";
    notices.push(["warn", `${leader} carries the plans out; from here users are only taken back.`]);
  } else if (overview && !overview.isLeading) {
    notices.push(["warn", "An older process carries the plans out; orders are refused here."]);
  }
  if (overview?.journal.failure) {
    notices.push(["bad", `The journal cannot be written: ${overview.journal.failure}`]);
  }
  for (const { name, breaker, unhealthy, endpoints } of state?.upstreams ?? []) {
    if (breaker === "open") {
      notices.push(["bad", `The breaker of the upstream ${name} is open: it is not asked.`]);
    }
    if (unhealthy > 0) {
      notices.push(["warn", `Upstream ${name}: ${unhealthy} of ${endpoints} endpoints unhealthy.`]);
    }
  }
  if (sagasTrouble) notices.push(["warn", `Sagas cannot be looked at: ${sagasTrouble}`]);
  if (dataTrouble) notices.push(["warn", `The data cannot be looked at: ${dataTrouble}`]);
  if (said) notices.push(["good", said]);
  keyed(find("notices"), notices, ([kind, text]) => kind + text, ([kind, text]) => ({
    node: element("p", { class: `notice ${kind}` }, text), update() {},
  }));
}

function say(text) {
  said = text;
  show();
  readData();
  setTimeout(() => {
    if (said !== text) return;
    said = undefined;
    show();
  }, newsTime);
}

function showSwitches(overview) {
  find("freeze").hidden = !overview;
  find("kill").hidden = !overview;
  find("sign-out").hidden = !hasToken();
  if (!overview) return;
  setText(find("freeze"), overview.isFrozen ? "Unfreeze" : "Freeze");
  setText(find("kill"), overview.isKilled ? "Kill switch off" : "Kill switch");
}

// MARK: Orders to everything

find("freeze").addEventListener("click", () => {
  const isOn = !state.cutovers.isFrozen;
  ask({
    title: isOn ? "Freeze everything" : "Unfreeze everything", method: "POST", path: "/freeze",
    label: isOn ? "Freeze" : "Unfreeze", body: { on: isOn },
    effect: isOn
      ? "Nothing is promoted until it is taken off. The gates stay awake."
      : "Cutovers go on with their plans.",
  });
});

find("kill").addEventListener("click", () => {
  const isOn = !state.cutovers.isKilled;
  ask({
    title: isOn ? "Kill switch on" : "Kill switch off", method: "POST", path: "/kill-switch",
    label: isOn ? "Everybody to legacy" : "Switch off", isDanger: isOn, body: { on: isOn },
    effect: isOn
      ? "Every route goes to 0\u00a0% at once and stays there; cutovers end."
      : "Routes can be moved again. Nobody is moved by this.",
  });
});

announceWith(say);

// MARK: The token

function askToken(problem = "") {
  find("content").hidden = true;
  find("sign-in").hidden = false;
  setText(find("sign-in-error"), problem);
  setText(find("connection"), "Signed out");
  find("token").focus();
}

find("sign-in").addEventListener("submit", (event) => {
  event.preventDefault();
  keepToken(find("token").value);
  find("token").value = "";
  connect();
});

find("sign-out").addEventListener("click", () => {
  forgetToken();
  location.reload();
});

// Who cannot be reached is asked again by `connect`.
const { needsToken } = await get("/console/access").catch(() => ({ needsToken: false }));
if (needsToken && !hasToken()) askToken();
else connect();
watchFilter(find("sagas-state"), lookAtSagas);
readEvidence();
watchData();
watchSagas();
