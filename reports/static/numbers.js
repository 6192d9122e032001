// The numbers behind a figure as a table, made when somebody opens it.
(function () {
  "use strict";

  function cell(kind, text) {
    var made = document.createElement(kind);
    var name = document.createElement("bdi");
    name.textContent = text;
    made.appendChild(name);
    return made;
  }

  function table(data, title) {
    var made = document.createElement("table");
    var caption = made.createCaption();
    caption.textContent = data.rows.length < data.total
      ? "The first " + data.rows.length + " of " + data.total.toLocaleString("en") + " rows behind \u201c" + title +
        "\u201d; the CSV has all."
      : "The " + data.total + " rows behind \u201c" + title + "\u201d.";
    var head = made.createTHead().insertRow();
    data.columns.forEach(function (name) {
      var heading = cell("th", name);
      heading.scope = "col";
      head.appendChild(heading);
    });
    var body = made.createTBody();
    data.rows.forEach(function (row) {
      var line = body.insertRow();
      row.forEach(function (text) { line.appendChild(cell("td", text)); });
    });
    return made;
  }

  document.querySelectorAll("details[data-numbers]").forEach(function (details) {
    details.addEventListener("toggle", function () {
      var place = details.querySelector(".drawer");
      if (!details.open || place.firstChild) return;
      var title = details.closest("figure").querySelector("h2 bdi").textContent;
      var frame = document.createElement("div");
      frame.className = "scroll";
      frame.tabIndex = 0;
      frame.setAttribute("role", "group");
      frame.setAttribute("aria-label", "Data of " + title);
      frame.appendChild(table(JSON.parse(details.querySelector("script").textContent), title));
      place.appendChild(frame);
    });
  });
})();
