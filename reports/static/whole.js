// A report in one file: its pages are packed beside each other; the address after # says which is open.
(function () {
  "use strict";
  var data = JSON.parse(document.getElementById("site-data").textContent);
  var known = {};
  data.pages.forEach(function (page) { known[page.href] = page.title; });

  // "#page.html~place" -> the page and the place on it; anything else is the first page.
  function asked() {
    var parts = decodeURIComponent(location.hash.slice(1)).split("~");
    return known.hasOwnProperty(parts[0]) ? { page: parts[0], place: parts[1] || "" } : { page: data.first, place: "" };
  }

  function packed(name) {
    var parts = document.querySelectorAll("[data-packed]");
    for (var i = 0; i < parts.length; i++) if (parts[i].dataset.packed === name) return parts[i].textContent;
    throw new Error("There is no part " + name);
  }

  function unpack(name) {
    var text = atob(packed(name));
    var bytes = new Uint8Array(text.length);
    for (var i = 0; i < text.length; i++) bytes[i] = text.charCodeAt(i);
    var stream = new Blob([bytes]).stream().pipeThrough(new DecompressionStream("gzip"));
    return new Response(stream).text();
  }

  // The policy knows the hash of each script, so that nothing else runs.
  function execute(text) {
    var script = document.createElement("script");
    script.textContent = text;
    document.body.appendChild(script);
  }

  var here = asked();
  var loading = null;
  window.hpowhWhole = {
    plotly: function () {
      loading = loading || unpack("plotly").then(function (text) { execute(text); return window.Plotly; });
      return loading;
    }
  };

  // Links lead to pages of other files or to places of this one: here both are addresses after #.
  function turn(link) {
    var href = link.getAttribute("href");
    var found = href === null ? null : /^([^#?:\/]+\.html)?(?:#(.*))?$/.exec(href);
    if (!found || (found[1] === undefined && known.hasOwnProperty((found[2] || "").split("~")[0]))) return;
    var page = found[1] || here.page;
    if (known.hasOwnProperty(page)) link.setAttribute("href", "#" + page + (found[2] ? "~" + found[2] : ""));
  }

  function go(place) {
    var target = place ? document.getElementById(place) : null;
    if (!target) return;
    for (var fold = target.closest("details"); fold; fold = fold.parentElement.closest("details")) fold.open = true;
    target.scrollIntoView();
    if (target.tabIndex >= 0 || target.hasAttribute("tabindex")) target.focus();
  }

  document.addEventListener("click", function (event) {
    var link = event.target.closest ? event.target.closest("a[href]") : null;
    if (link) turn(link);
  }, true);
  window.addEventListener("hashchange", function () {
    var next = asked();
    if (next.page !== here.page) location.reload(); else go(next.place);
  });

  function fail(error) {
    var said = document.createElement("p");
    said.setAttribute("role", "alert");
    said.textContent = "This browser cannot unpack the report (" + error.message + "). A current one can.";
    document.getElementById("whole").appendChild(said);
  }

  Promise.resolve().then(function () { return unpack(here.page); }).then(function (html) {
    var whole = document.getElementById("whole");
    whole.innerHTML = html;
    whole.querySelectorAll("a[href]").forEach(turn);
    document.title = known[here.page] + " \u00b7 hpowh";
    return unpack("script");
  }).then(function (text) {
    execute(text);
    go(here.place);
    document.documentElement.dataset.opened = here.page;
  }).catch(fail);
})();
