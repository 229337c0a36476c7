"use strict";
// Sorts the rows of a table, each group of them by itself; what has no value stays at the end.
const valueOf = (row, place) => {
  const cell = row.cells[place];
  return cell.dataset.value === undefined ? cell.textContent.trim() : Number(cell.dataset.value);
};
const compare = (a, b) => {
  if (typeof a !== typeof b) return typeof a === "number" ? -1 : 1;
  return typeof a === "number" ? a - b : a.localeCompare(b, "en");
};
const sort = (table, place, direction) => {
  for (const body of table.tBodies) {
    const rows = [...body.rows].map((row) => [valueOf(row, place), row]);
    const known = rows.filter(([value]) => value !== "–");
    known.sort(([a], [b]) => (typeof a === typeof b ? direction : 1) * compare(a, b));
    body.append(...known.map(([, row]) => row));
    body.append(...rows.filter(([value]) => value === "–").map(([, row]) => row));
  }
};
for (const table of document.querySelectorAll("table.sortable")) {
  const headings = [...table.tHead.rows[0].cells];
  headings.forEach((heading, place) => {
    heading.querySelector("button").addEventListener("click", () => {
      const rises = heading.getAttribute("aria-sort") !== "ascending";
      headings.forEach((other) => other.setAttribute("aria-sort", "none"));
      heading.setAttribute("aria-sort", rises ? "ascending" : "descending");
      sort(table, place, rises ? 1 : -1);
    });
  });
}
// Marks every record that a number was computed from.
for (const cell of document.querySelectorAll("td[data-records] a")) {
  cell.addEventListener("click", () => {
    document.querySelectorAll("tr.marked").forEach((row) => row.classList.remove("marked"));
    for (const name of cell.parentElement.dataset.records.split(" ")) {
      document.getElementById(name)?.classList.add("marked");
    }
  });
}
