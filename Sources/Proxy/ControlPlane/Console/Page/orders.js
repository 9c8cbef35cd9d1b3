// SPDX-License-Identifier: Apache-2.0
// The dialog that every order goes through: what will happen, why, and who wants it.

import { order } from "./api.js";
import { setText } from "./elements.js";

const actorKey = "strangler.actor";
const find = (id) => document.getElementById(id);
const dialog = find("order");
const form = find("order-form");
const [reason, actor, percent, skip, repeated, failure, confirm] = [
  "order-reason", "order-actor", "order-percent", "order-skip-gates", "order-name", "order-error",
  "order-confirm",
].map(find);

let asked;
let announce = () => {};

/** Says who tells people what became of an order. */
export function announceWith(action) { announce = action; }

/**
 * Opens the dialog.
 *
 * `title`, `effect` and `label` are shown; the order goes to `method` and `path` with `body`, the
 * reason and the name. `share` asks for a percentage too, with that value at first; `canSkip`
 * offers to skip the gates, and `repeats` is a name that has to be typed, where there is no way
 * back.
 */
export function ask(question) {
  asked = question;
  setText(find("order-title"), question.title);
  setText(find("order-effect"), question.effect);
  setText(confirm, question.label);
  confirm.classList.toggle("danger", question.isDanger === true);
  const asksShare = question.share !== undefined;
  find("order-share").hidden = !asksShare;
  percent.required = asksShare;
  percent.value = asksShare ? question.share : "";
  find("order-skip").hidden = question.canSkip !== true;
  skip.checked = false;
  const repeats = question.repeats !== undefined;
  find("order-repeat").hidden = !repeats;
  repeated.required = repeats;
  repeated.value = "";
  setText(find("order-said"), question.repeats ?? "");
  setText(failure, "");
  reason.value = "";
  actor.value = sessionStorage.getItem(actorKey) ?? "";
  setBusy(false);
  // Closing it gives the focus back to the button that was pressed.
  dialog.showModal();
  (asksShare ? percent : repeats ? repeated : reason).focus();
}

function setBusy(isBusy) {
  confirm.disabled = isBusy;
  form.setAttribute("aria-busy", isBusy);
}

form.addEventListener("submit", async (event) => {
  event.preventDefault();
  const question = asked;
  const body = { ...question.body, reason: reason.value, actor: actor.value };
  if (question.share !== undefined) body.percent = Number(percent.value);
  if (question.canSkip && skip.checked) body["skip-gates"] = true;
  if (question.repeats !== undefined) body.confirm = repeated.value;
  sessionStorage.setItem(actorKey, actor.value);
  setText(failure, "");
  setBusy(true);
  try {
    await order(question.method, question.path, body);
    dialog.close();
    announce(`Done: ${question.title}`);
  } catch (error) {
    setText(failure, error.message);
  } finally {
    setBusy(false);
  }
});

find("order-cancel").addEventListener("click", () => dialog.close());

// A line break ends no reason; the journal holds one line.
reason.addEventListener("keydown", (event) => {
  if (event.key !== "Enter" || event.shiftKey || event.isComposing) return;
  event.preventDefault();
  form.requestSubmit();
});
