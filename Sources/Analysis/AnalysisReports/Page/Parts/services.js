// SPDX-License-Identifier: Apache-2.0

// The table of services: what moves along is below each service, closed until it is asked for; of
// many services the last are closed too. Without a program the page shows everything.
const servicesAtOnce = 12;

(() => {
  const table = document.querySelector("#services table");
  if (!table) return;
  const rows = [...table.querySelectorAll("tr.service")];
  for (const row of rows) {
    const details = row.nextElementSibling;
    const button = row.querySelector("button");
    details.hidden = true;
    button.hidden = false;
    button.addEventListener("click", () => {
      details.hidden = !details.hidden;
      button.setAttribute("aria-expanded", String(!details.hidden));
    });
  }
  const more = document.getElementById("more-services");
  if (rows.length <= servicesAtOnce + 2) return;
  for (const row of rows.slice(servicesAtOnce)) row.hidden = true;
  more.hidden = false;
  more.textContent = `Show the other ${rows.length - servicesAtOnce} services`;
  more.addEventListener("click", () => {
    for (const row of rows) row.hidden = false;
    more.hidden = true;
    rows[servicesAtOnce].querySelector("button").focus();
  });
})();
