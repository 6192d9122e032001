// Tables sort by their headings (click, Enter or Space) and filter by text.
(function () {
  "use strict";

  function key(row, column) {
    var text = row.cells[column].dataset.sort;
    var number = text === "" ? NaN : Number(text);
    return { text: text, number: number };
  }

  // Numbers before text, empty cells last in either order.
  function compare(a, b, sign) {
    if (a.text === "" || b.text === "") return (a.text === "") - (b.text === "");
    if (!isNaN(a.number) && !isNaN(b.number)) return sign * (a.number - b.number);
    if (isNaN(a.number) !== isNaN(b.number)) return isNaN(a.number) - isNaN(b.number);
    return sign * a.text.localeCompare(b.text, undefined, { numeric: true });
  }

  function sort(table, column) {
    var headings = Array.prototype.slice.call(table.tHead.rows[0].cells);
    var ascending = headings[column].getAttribute("aria-sort") !== "ascending";
    var body = table.tBodies[0];
    var rows = Array.prototype.map.call(body.rows, function (row, index) {
      return { row: row, key: key(row, column), index: index };
    });
    rows.sort(function (a, b) {
      return compare(a.key, b.key, ascending ? 1 : -1) || a.index - b.index;
    });
    rows.forEach(function (entry) { body.appendChild(entry.row); });
    headings.forEach(function (heading, index) {
      heading.setAttribute("aria-sort", index === column ? (ascending ? "ascending" : "descending") : "none");
    });
  }

  document.querySelectorAll("table[data-sortable]").forEach(function (table) {
    Array.prototype.forEach.call(table.tHead.rows[0].cells, function (heading, column) {
      heading.querySelector("button").addEventListener("click", function () { sort(table, column); });
    });
  });

  document.querySelectorAll("input[data-filter]").forEach(function (input) {
    var section = input.closest("section");
    var count = section.querySelector("[data-count]");
    input.addEventListener("input", function () {
      var wanted = input.value.trim().toLowerCase();
      var rows = section.querySelectorAll("tbody tr");
      var shown = 0;
      rows.forEach(function (row) {
        row.hidden = wanted !== "" && row.textContent.toLowerCase().indexOf(wanted) === -1;
        shown += row.hidden ? 0 : 1;
      });
      count.textContent = wanted === "" ? "" : shown + " of " + rows.length + " rows";
    });
  });
})();
