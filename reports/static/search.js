// The list of pages is loaded when somebody first searches; on a phone the menu opens on request.
(function () {
  "use strict";
  var input = document.getElementById("search");
  var list = document.getElementById("found");
  var pages = window.hpowh.site.pages;

  // Every word that was typed must be there; titles come first, then findings, headings and names.
  function matches(text, words) {
    var lower = text.toLowerCase();
    return words.every(function (word) { return lower.indexOf(word) !== -1; });
  }

  function item(href, text, beside) {
    var entry = document.createElement("li");
    var link = document.createElement("a");
    var name = document.createElement("bdi");
    name.textContent = text;
    link.href = href;
    link.title = beside;
    link.appendChild(name);
    entry.appendChild(link);
    list.appendChild(entry);
  }

  function show() {
    var words = input.value.toLowerCase().split(/\s+/).filter(Boolean);
    list.textContent = "";
    list.hidden = words.length === 0;
    if (words.length === 0) return;
    var titles = pages.filter(function (page) { return matches(page.title, words); });
    var inside = [];
    pages.forEach(function (page) {
      (page.texts || []).forEach(function (one) {
        if (matches(one[0], words)) inside.push({ page: page, text: one[0], anchor: one[1] });
      });
    });
    titles.slice(0, 12).forEach(function (page) { item(page.href, page.title, page.section); });
    inside.slice(0, 12).forEach(function (one) {
      item(one.page.href + (one.anchor ? "#" + one.anchor : ""), one.page.title + ": " + one.text, one.text);
    });
    var more = Math.max(0, titles.length - 12) + Math.max(0, inside.length - 12);
    if (more || titles.length + inside.length === 0) {
      var note = document.createElement("li");
      note.textContent = more ? "and " + more + " more" : "No page has that in its title, findings, headings or names.";
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
