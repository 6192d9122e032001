// Colours: as the system, light or dark; charts listen for the change.
window.hpowh = (function () {
  "use strict";
  var root = document.documentElement;
  var site = JSON.parse(document.getElementById("site-data").textContent);
  var system = window.matchMedia("(prefers-color-scheme: dark)");
  var printing = false;
  var listeners = [];

  function isDark() {
    if (printing) return false;
    var chosen = root.dataset.theme;
    return chosen ? chosen === "dark" : system.matches;
  }

  // A colour token of the server ("@3", "@ink", either with "/0.2") as a colour of the present theme.
  function colour(token) {
    var parts = token.slice(1).split("/");
    var series = site.palette[isDark() ? "dark" : "light"];
    var found = /^\d+$/.test(parts[0])
      ? series[Number(parts[0]) % series.length]
      : getComputedStyle(root).getPropertyValue("--" + parts[0]).trim() || "#888888";
    if (parts.length === 1) return found;
    var hex = parseInt(found.slice(1), 16);
    return "rgba(" + (hex >> 16) + "," + ((hex >> 8) & 255) + "," + (hex & 255) + "," + parts[1] + ")";
  }

  function tokens() {
    document.querySelectorAll("[data-colour]").forEach(function (dot) {
      dot.style.background = colour(dot.dataset.colour);
    });
    document.querySelectorAll("[data-fill]").forEach(function (shape) {
      shape.style.fill = colour(shape.dataset.fill);
    });
    document.querySelectorAll("[data-stroke]").forEach(function (shape) {
      shape.style.stroke = colour(shape.dataset.stroke);
    });
  }

  function paint() {
    tokens();
    listeners.forEach(function (listener) { listener(); });
  }

  function label() {
    var now = root.dataset.theme || "system";
    var words = { system: "as the system", light: "light", dark: "dark" }[now];
    document.querySelectorAll("[data-theme-toggle]").forEach(function (button) {
      button.textContent = { system: "\u25d0", light: "\u2600", dark: "\u263e" }[now];
      button.title = "Colours: " + words;
      button.setAttribute("aria-label", "Colours: " + words);
    });
  }

  document.querySelectorAll("[data-theme-toggle]").forEach(function (button) {
    button.addEventListener("click", function () {
      var next = { system: isDark() ? "light" : "dark", light: "dark", dark: "light" }[root.dataset.theme || "system"];
      root.dataset.theme = next;
      try { localStorage.setItem("hpowh-theme", next); } catch (error) { /* a browser may forbid storage */ }
      label();
      paint();
    });
  });
  system.addEventListener("change", paint);
  window.addEventListener("beforeprint", function () { printing = true; paint(); });
  window.addEventListener("afterprint", function () { printing = false; paint(); });
  // What is saved or copied goes into papers and letters: it is drawn in light colours, whatever the screen has.
  function inLight(make) {
    var before = root.dataset.theme;
    root.dataset.theme = "light";
    try { return make(); } finally {
      if (before) root.dataset.theme = before; else delete root.dataset.theme;
    }
  }

  label();
  paint();
  return { inLight: inLight, paint: tokens, site: site, colour: colour, isDark: isDark, onTheme: function (listener) { listeners.push(listener); } };
})();
