// The list of pages is loaded when somebody first searches; on a phone the menu opens on request.
(function () {
  "use strict";
  var input = document.getElementById("search");
  var list = document.getElementById("found");
  var pages = window.hpowh.site.pages;

  function show() {
    var wanted = input.value.trim().toLowerCase();
    list.textContent = "";
    list.hidden = wanted === "";
    if (wanted === "") return;
    var found = pages.filter(function (page) { return page.title.toLowerCase().indexOf(wanted) !== -1; });
    found.slice(0, 12).forEach(function (page) {
      var item = document.createElement("li");
      var link = document.createElement("a");
      var name = document.createElement("bdi");
      name.textContent = page.title;
      link.href = page.href;
      link.title = page.section;
      link.appendChild(name);
      item.appendChild(link);
      list.appendChild(item);
    });
    if (found.length === 0 || found.length > 12) {
      var note = document.createElement("li");
      note.textContent = found.length ? "and " + (found.length - 12) + " more" : "No page has that in its title.";
      list.appendChild(note);
    }
  }

  function load() {
    if (pages.length || window.hpowh.site.plotly === null || document.getElementById("pages-list")) return;
    var script = document.createElement("script");
    script.id = "pages-list";
    script.src = "assets/pages.js";
    script.onload = function () { pages = window.hpowhPages; show(); };
    document.head.appendChild(script);
  }

  input.addEventListener("focus", load);
  input.addEventListener("input", show);

  var menu = document.querySelector("[data-menu]");
  menu.addEventListener("click", function () {
    menu.setAttribute("aria-expanded", String(menu.getAttribute("aria-expanded") !== "true"));
  });
})();
