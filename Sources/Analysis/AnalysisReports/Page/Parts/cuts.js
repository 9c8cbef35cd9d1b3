// SPDX-License-Identifier: Apache-2.0

// The cut list with its filters. A cut is [from, to, from type, target, file, line, column, symbol,
// kind, seam]; the last two and the file are indices.
const rowsAtOnce = 50;
let rowsShown = rowsAtOnce;

function shownCuts() {
  const words = document.getElementById("search").value.toLowerCase().split(/\s+/).filter(Boolean);
  const seam = document.getElementById("seam").value;
  return data.cuts.filter((cut) => {
    if (selection.from !== null && cut[0] !== selection.from) return false;
    if (selection.to !== null && cut[1] !== selection.to) return false;
    if (selection.either !== null && !cut.slice(0, 2).includes(selection.either)) return false;
    if (seam !== "" && data.seams[cut[9]] !== seam) return false;
    const text = `${cut[2]} ${cut[3]} ${cut[7]} ${data.files[cut[4]]}`.toLowerCase();
    return words.every((word) => text.includes(word));
  });
}

// A place that breaks at its folders only: a line number in two parts is none.
function placeOf(text) {
  const parts = text.split("/").map((part, index) => (index === 0 ? part : `/${part}`));
  return element("code", {}, ...parts.flatMap((part) => [part, element("wbr")]));
}

function drawCuts() {
  const cuts = shownCuts();
  const rows = cuts.slice(0, rowsShown).map((cut) => element("tr", {},
    element("td", { class: "border" }, `${data.services[cut[0]].name} \u2192 ${data.services[cut[1]].name}`),
    element("td", {}, placeOf(`${data.files[cut[4]]}:${cut[5]}:${cut[6]}`)),
    element("td", {}, `${cut[2]} uses ${cut[7] === cut[3] ? "" : `${cut[7]} of `}${cut[3]}`),
    element("td", {}, data.kinds[cut[8]]),
    element("td", {}, data.seams[cut[9]])));
  document.querySelector("#cuts tbody").replaceChildren(...rows);
  const files = new Set(cuts.map((cut) => cut[4])).size;
  document.getElementById("cut-count").textContent =
    `${counted(cuts.length, "place")} in ${counted(files, "file")}`
    + (cuts.length === data.cutsInAll ? "" : `, of ${data.cutsInAll} in all`) + "." + notListed();
  const more = document.getElementById("more");
  more.hidden = cuts.length <= rowsShown;
  more.textContent = `Show ${Math.min(rowsAtOnce, cuts.length - rowsShown)} more`;
}

// What the list leaves out of the borders that are chosen; nothing where the page holds every cut.
function notListed() {
  const isChosen = (from, to) => (selection.from === null || from === selection.from)
    && (selection.to === null || to === selection.to)
    && (selection.either === null || from === selection.either || to === selection.either);
  const all = placesOf(isChosen);
  const held = data.cuts.filter((cut) => isChosen(cut[0], cut[1])).length;
  return held === all ? "" : ` This page lists the first ${held} of the ${all} places on these`
    + " borders; the JSON report has all.";
}

function fillFilters() {
  for (const id of ["from", "to", "either"]) {
    const field = document.getElementById(id);
    data.services.forEach((service, index) => {
      field.append(element("option", { value: index }, service.name));
    });
    field.addEventListener("change", () => {
      const change = { from: selection.from, to: selection.to, either: selection.either };
      change[id] = field.value === "" ? null : Number(field.value);
      select(change);
    });
  }
  const seams = document.getElementById("seam");
  for (const seam of data.seams) seams.append(element("option", {}, seam));
  for (const [id, kind] of [["seam", "change"], ["search", "input"]]) {
    document.getElementById(id).addEventListener(kind, () => {
      rowsShown = rowsAtOnce;
      drawCuts();
    });
  }
  document.getElementById("all").addEventListener("click", () => {
    seams.value = "";
    select({}, "");
  });
  document.getElementById("more").addEventListener("click", () => {
    rowsShown += rowsAtOnce;
    drawCuts();
  });
}
listeners.push(() => {
  for (const id of ["from", "to", "either"]) {
    document.getElementById(id).value = selection[id] === null ? "" : String(selection[id]);
  }
  rowsShown = rowsAtOnce;
  drawCuts();
});

fillFilters();
// The first question is what the first service costs.
select({ either: data.services.length > 0 ? 0 : null });
document.documentElement.dataset.ready = "true";
