// SPDX-License-Identifier: Apache-2.0
// Requests to the admin API, and its stream of states.
//
// The token travels in a header and never in a cookie: a page of another site cannot make the
// browser send it. That is also why the stream is read by `fetch`: an EventSource sends no headers.

const tokenKey = "strangler.token";
/** A connection that was silent for so long is gone: something comes every five seconds. */
const silence = 20_000;
/** No state is larger, in characters. */
const longestEvent = 8 << 20;

/** An answer other than 2xx. */
export class Refusal extends Error {
  constructor(status, detail) {
    super(detail);
    this.status = status;
  }
}

export const hasToken = () => sessionStorage.getItem(tokenKey) !== null;
export const keepToken = (token) => sessionStorage.setItem(tokenKey, token);
export const forgetToken = () => sessionStorage.removeItem(tokenKey);

async function send(path, options = {}) {
  const headers = new Headers(options.headers);
  const token = sessionStorage.getItem(tokenKey);
  if (token !== null) headers.set("authorization", `Bearer ${token}`);
  const response = await fetch(path, {
    ...options, headers, cache: "no-store", credentials: "omit", redirect: "error",
  });
  if (response.ok) return response;
  const problem = await response.json().catch(() => ({}));
  throw new Refusal(response.status, problem.detail ?? `Answered ${response.status}.`);
}

export async function get(path) {
  return (await send(path)).json();
}

export async function order(method, path, body) {
  const headers = { "content-type": "application/json" };
  return (await send(path, { method, headers, body: JSON.stringify(body) })).json();
}

/** Calls `onState` with each state until the stream ends; throws when it breaks off. */
export async function follow(path, onState) {
  const abort = new AbortController();
  let timer = setTimeout(() => abort.abort(), silence);
  try {
    const response = await send(path, { signal: abort.signal });
    const reader = response.body.pipeThrough(new TextDecoderStream()).getReader();
    let rest = "";
    for (;;) {
      const { value, done } = await reader.read();
      if (done) return;
      clearTimeout(timer);
      timer = setTimeout(() => abort.abort(), silence);
      rest += value;
      for (let end = rest.indexOf("\n\n"); end >= 0; end = rest.indexOf("\n\n")) {
        const data = dataOf(rest.slice(0, end));
        rest = rest.slice(end + 2);
        if (data) onState(JSON.parse(data));
      }
      if (rest.length > longestEvent) throw new Error("A state is too long.");
    }
  } finally {
    clearTimeout(timer);
    abort.abort();
  }
}

function dataOf(event) {
  return event.split("\n").filter((line) => line.startsWith("data:"))
    .map((line) => line.slice(5).trimStart()).join("\n");
}
