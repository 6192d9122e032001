// Charts are drawn by Plotly when they come near the screen; Plotly itself is loaded with the first of them.
(function () {
  "use strict";
  var loading = null;
  var charts = [];

  function plotly() {
    if (window.Plotly) return Promise.resolve(window.Plotly);
    if (window.hpowhWhole) return window.hpowhWhole.plotly();
    if (!loading) {
      loading = new Promise(function (done, failed) {
        var script = document.createElement("script");
        script.src = window.hpowh.site.plotly;
        script.onload = function () { done(window.Plotly); };
        script.onerror = function () { failed(new Error("Plotly could not be loaded")); };
        document.head.appendChild(script);
      });
    }
    return loading;
  }

  // Copy a specification with its colour tokens turned into colours of the present theme, and with the lists that
  // occur several times put back in their places.
  function themed(value, name, lists) {
    if (Array.isArray(value)) return value.map(function (one) { return themed(one, name, lists); });
    if (value && typeof value === "object") {
      if ("$list" in value) return themed(lists[value.$list], name, lists);
      var copy = {};
      Object.keys(value).forEach(function (key) { copy[key] = themed(value[key], key, lists); });
      return copy;
    }
    var isColour = typeof value === "string" && value[0] === "@" && /color(scale)?$/.test(name || "");
    return isColour ? window.hpowh.colour(value) : value;
  }

  function merge(base, patch) {
    var result = Object.assign({}, base);
    Object.keys(patch).forEach(function (key) {
      var both = result[key] && typeof result[key] === "object" && !Array.isArray(patch[key]);
      result[key] = both && typeof patch[key] === "object" ? merge(result[key], patch[key]) : patch[key];
    });
    return result;
  }

  function base(narrow) {
    var axis = {
      gridcolor: "@line", linecolor: "@line", zerolinecolor: "@line", tickcolor: "@line", automargin: true,
      title: { standoff: 12 }, exponentformat: "power", minexponent: 5, separatethousands: true
    };
    return {
      paper_bgcolor: "rgba(0,0,0,0)", plot_bgcolor: "rgba(0,0,0,0)", colorway: ["@0"],
      font: { color: "@ink", size: narrow ? 11 : 13, family: getComputedStyle(document.body).fontFamily },
      margin: { l: narrow ? 44 : 60, r: narrow ? 8 : 20, t: 16, b: 44 },
      hovermode: "x unified", hoverlabel: { bgcolor: "@surface", bordercolor: "@line", font: { color: "@ink" }, namelength: -1 },
      legend: { orientation: "h", x: 0, y: 1.02, yanchor: "bottom", font: { size: narrow ? 11 : 13 } },
      xaxis: axis, yaxis: axis, dragmode: narrow ? false : "zoom"
    };
  }

  function Chart(box) {
    this.box = box;
    this.plot = box.querySelector(".plot");
    this.spec = JSON.parse(box.querySelector("[data-spec]").textContent);
    // The first choice that has something to show.
    this.choice = Object.keys(this.spec.variants)[0] || "";
    this.choice = this.spec.selectors.length ? this.choice.split(",").map(Number) : [];
    this.axes = {};
    this.isDrawn = false;
    this.listeners = [];
  }

  // Orders of magnitude that the positive values of an axis span.
  function orders(data, letter) {
    var low = Infinity;
    var high = 0;
    data.forEach(function (trace) {
      (trace[letter] || []).forEach(function (value) {
        if (!(value > 0)) return;
        low = Math.min(low, value);
        high = Math.max(high, value);
      });
    });
    return high > 0 ? Math.log10(high / low) : 0;
  }

  Chart.prototype.layout = function (variant, data) {
    var layout = merge(merge(base(this.plot.clientWidth < 560), this.spec.layout), variant.layout || {});
    layout.height = this.spec.height;
    var plain = base(false).xaxis;
    Object.keys(layout).forEach(function (name) {
      if (/^[xy]axis\d+$/.test(name)) layout[name] = merge(plain, layout[name]);
    });
    Object.keys(this.axes).forEach(function (axis) {
      layout[axis + "axis"] = merge(layout[axis + "axis"] || {}, { type: this.axes[axis] ? "log" : "linear" });
      delete layout[axis + "axis"].range;
    }, this);
    ["x", "y"].forEach(function (letter) {
      var axis = layout[letter + "axis"];
      if (!axis || axis.type !== "log" || axis.tickformat) return;
      axis.tickformat = "~g";
      if (!axis.dtick) axis.dtick = orders(data, letter) <= 3 ? "D2" : 1;
    });
    return themed(layout);
  };

  // Whether an axis is logarithmic: as the reader chose, else as the chosen variant has it.
  Chart.prototype.isLog = function (axis) {
    if (axis in this.axes) return this.axes[axis];
    var variant = this.spec.variants[this.choice.join(",")] || {};
    var layout = merge(this.spec.layout, variant.layout || {});
    return (layout[axis + "axis"] || {}).type === "log";
  };

  // The chart as it is chosen, for a picture: in the colours of the moment, beside what is on the page.
  Chart.prototype.picture = function () {
    var variant = this.spec.variants[this.choice.join(",")];
    var data = themed(variant.data, "", this.spec.lists);
    return { data: data, layout: this.layout(variant, data) };
  };

  Chart.prototype.draw = function () {
    var self = this;
    var variant = this.spec.variants[this.choice.join(",")];
    this.box.querySelector("[data-none]").hidden = !!variant;
    this.plot.hidden = !variant;
    this.wanted = true;
    if (!variant) return Promise.resolve();
    return plotly().then(function (Plotly) {
      var config = { responsive: true, displaylogo: false, displayModeBar: false, doubleClick: "reset" };
      var data = themed(variant.data, "", self.spec.lists);
      return Plotly.react(self.plot, data, self.layout(variant, data), config);
    }).then(function () {
      self.isDrawn = true;
      self.box.dataset.drawn = "yes";
      self.listeners.forEach(function (listener) { listener(); });
    });
  };

  document.querySelectorAll(".chart[data-chart]:not([data-parallel])").forEach(function (box) { charts.push(new Chart(box)); });
  charts.forEach(function (chart) { chart.box.hpowhChart = chart; });

  if ("IntersectionObserver" in window) {
    var watcher = new IntersectionObserver(function (entries) {
      entries.forEach(function (entry) {
        if (!entry.isIntersecting) return;
        watcher.unobserve(entry.target);
        entry.target.hpowhChart.draw();
      });
    }, { rootMargin: "300px 0px" });
    charts.forEach(function (chart) { watcher.observe(chart.box); });
  } else {
    charts.forEach(function (chart) { chart.draw(); });
  }
  window.hpowh.onTheme(function () {
    charts.forEach(function (chart) { if (chart.wanted) chart.draw(); });
  });
  // What is folded away is not printed.
  window.addEventListener("beforeprint", function () {
    charts.forEach(function (chart) { if (!chart.box.closest("details:not([open])")) chart.draw(); });
  });
  window.hpowh.charts = charts;
  window.hpowh.plotly = plotly;
})();
