// SPDX-License-Identifier: Apache-2.0
// Small plots of both sides over the last minutes.

import { element, setAttribute, setText, shape } from "./elements.js";
import { clock } from "./formats.js";

/** Points that are further apart are not joined, in milliseconds. */
const gap = 15_000;
/** Time that the first points are drawn in, in milliseconds. */
const leastSpan = 60_000;
/** Units of the drawing; it is stretched to the room that there is. */
const [width, height] = [300, 80];
export const sides = ["legacy", "extracted"];

/**
 * A plot of one number of each side.
 *
 * `format` writes a value, `least` is the smallest top of the scale, so that noise near zero does
 * not look like a mountain.
 */
export function plot(title, format, least) {
  const lines = new Map(sides.map((side) => [side, shape("path", { class: `line ${side}` })]));
  const marks = shape("g", { class: "marks" });
  const svg = shape(
    "svg", {
      viewBox: `0 0 ${width} ${height}`, preserveAspectRatio: "none", role: "img",
    },
    shape("path", { class: "grid", d: `M0 0.5H${width}M0 ${height / 2}H${width}` }),
    shape("path", { class: "base", d: `M0 ${height - 0.5}H${width}` }),
    marks, ...lines.values());
  const top = element("span", { class: "top-label" });
  const [from, to] = [element("span"), element("span")];
  const values = new Map(sides.map((side) => [side, element("b")]));
  const legend = sides.map((side) =>
    element("span", { class: `key ${side}` }, `${side} `, values.get(side)));
  const node = element(
    "figure", { class: "plot" },
    element("figcaption", {}, element("span", { class: "name" }, title), ...legend),
    element("div", { class: "drawing" }, top, svg),
    element("div", { class: "axis", "aria-hidden": "true" }, from, to));

  /** `times` in milliseconds; `series` holds a number or null for each time and side. */
  function update(times, series, moves) {
    if (times.length === 0) return;
    const last = times[times.length - 1];
    const first = Math.min(times[0], last - leastSpan);
    const span = last - first;
    const x = (time) => ((time - first) / span) * width;
    const known = sides.flatMap((side) => series[side].filter((value) => value !== null));
    const largest = ceiling(Math.max(least, ...known));
    const y = (value) => height - 1 - (value / largest) * (height - 2);
    for (const side of sides) {
      setAttribute(lines.get(side), "d", path(times, series[side], x, y));
      setText(values.get(side), format(series[side][times.length - 1] ?? null));
    }
    setText(top, format(largest));
    setText(from, clock(first));
    setText(to, clock(last));
    setAttribute(svg, "aria-label", description(title, series, format, first, last));
    const visible = moves.filter((move) => move.at > first && move.at <= last);
    marks.replaceChildren(...visible.map((move) =>
      shape("path", { d: `M${x(move.at).toFixed(1)} 0V${height}` },
        shape("title", {}, `${clock(move.at)}: ${move.text}`))));
  }

  return { node, update };
}

/** A line with a gap wherever nothing is known; a point by itself becomes a dot. */
function path(times, values, x, y) {
  const steps = [];
  let former = -Infinity;
  times.forEach((time, index) => {
    const value = values[index];
    if (value === null || value === undefined) return;
    const place = `${x(time).toFixed(1)} ${y(value).toFixed(1)}`;
    const isNext = time - former <= gap && values[index - 1] !== null;
    steps.push(isNext ? `L${place}` : `M${place}h0.1`);
    former = time;
  });
  return steps.join("");
}

/** The next round number. */
function ceiling(value) {
  const power = 10 ** Math.floor(Math.log10(value));
  const step = [1, 1.5, 2, 3, 5, 7.5, 10].find((factor) => factor * power >= value * 0.999);
  return (step ?? 10) * power;
}

function description(title, series, format, first, last) {
  const told = sides.map((side) => {
    const values = series[side].filter((value) => value !== null);
    if (values.length === 0) return `${side}: nothing.`;
    const [low, high] = [Math.min(...values), Math.max(...values)];
    const now = series[side][series[side].length - 1];
    return `${side}: ${now === null ? "nothing" : format(now)} now, `
      + `${format(low)} to ${format(high)} in all.`;
  });
  return `${title} from ${clock(first)} to ${clock(last)}. ${told.join(" ")}`;
}
