// SPDX-License-Identifier: Apache-2.0
// What the plots show: asked for once, then one point with each state.

/** Points kept of each route: as many as the proxy keeps. */
const longest = 180;

export class History {
  #times = [];
  #routes = new Map();

  /** Takes over what the proxy kept; a route that came later has fewer points. */
  replace({ times, routes }) {
    this.#times = times;
    this.#routes = new Map(Object.entries(routes));
  }

  /** Adds the newest point, unless it is there. */
  add({ at, routes }) {
    if (at <= (this.#times.at(-1) ?? 0)) return;
    this.#times.push(at);
    for (const [name, point] of Object.entries(routes)) {
      const points = this.#routes.get(name) ?? { legacy: [], extracted: [] };
      points.legacy.push(point.legacy);
      points.extracted.push(point.extracted);
      this.#routes.set(name, points);
    }
    if (this.#times.length <= longest) return;
    this.#times = this.#times.slice(-longest);
    for (const points of this.#routes.values()) {
      points.legacy = points.legacy.slice(-longest);
      points.extracted = points.extracted.slice(-longest);
    }
  }

  /** The points of a route, aligned with all times. */
  of(name) {
    const points = this.#routes.get(name) ?? { legacy: [], extracted: [] };
    const align = (list) => {
      const missing = Math.max(0, this.#times.length - list.length);
      return [...new Array(missing).fill(null), ...list].slice(-this.#times.length);
    };
    return {
      times: this.#times,
      points: { legacy: align(points.legacy), extracted: align(points.extracted) },
    };
  }
}
