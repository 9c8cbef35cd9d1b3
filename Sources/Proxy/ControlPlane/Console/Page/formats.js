// SPDX-License-Identifier: Apache-2.0
// How numbers and times read.

const decimal = new Intl.NumberFormat("en", { maximumFractionDigits: 2 });
const short = new Intl.NumberFormat("en", { maximumSignificantDigits: 3 });
const none = "\u2013";

export const count = (number) => decimal.format(number ?? 0);
export const percent = (number) => `${decimal.format(number)}\u00a0%`;
export const rate = (number) => (number === null ? none : short.format(number));

/** A share of 0 to 1; a small one is not shown as none. */
export function share(part, whole) {
  if (!whole) return none;
  return `${short.format((100 * part) / whole)}\u00a0%`;
}

export function milliseconds(number) {
  if (number === null || number === undefined) return none;
  return number >= 1000
    ? `${short.format(number / 1000)}\u00a0s` : `${short.format(number)}\u00a0ms`;
}

export function duration(seconds) {
  if (seconds < 120) return `${seconds} s`;
  if (seconds < 7200) return `${Math.floor(seconds / 60)} min`;
  return `${decimal.format(Math.floor(seconds / 360) / 10)} h`;
}

/** How far something is: `3 of 10`, and more than was needed reads as that. */
export function towards(number, needed, show, unit = "") {
  const all = (text) => (unit ? `${text} ${unit}` : text);
  if (!needed) return all(show(number));
  return number < needed
    ? all(`${show(number)} of ${show(needed)}`) : `${all(show(number))}, ${show(needed)} needed`;
}

/** Evidence runs over many powers of ten. */
export function evidence(number) {
  if (number >= 1e6) return number.toExponential(1);
  return number !== 0 && number < 0.01 ? "< 0.01" : short.format(number);
}

export function clock(time) {
  return new Date(time).toLocaleTimeString(undefined, { hour12: false });
}

export function moment(time) {
  const date = new Date(time);
  const isToday = date.toDateString() === new Date().toDateString();
  return isToday ? clock(time) : `${date.toLocaleDateString()} ${clock(time)}`;
}
