// Parallel coordinates: a brush selects whole trials, and the table that belongs to them shows only these.
(function () {
  "use strict";

  function inside(value, ranges) {
    if (!ranges || !ranges.length) return true;
    var list = Array.isArray(ranges[0]) ? ranges : [ranges];
    return list.some(function (range) { return value >= range[0] && value <= range[1]; });
  }

  function selected(trace, keys) {
    var dimensions = trace.dimensions.filter(function (one) { return one.constraintrange; });
    var kept = {};
    var count = 0;
    keys.forEach(function (key, row) {
      if (!dimensions.every(function (one) { return inside(one.values[row], one.constraintrange); })) return;
      kept[key] = true;
      count += 1;
    });
    return { kept: kept, count: count, isAll: !dimensions.length };
  }

  function link(chart, meta) {
    var known = {};
    meta.keys.forEach(function (key) { known[key] = true; });
    var status = document.createElement("p");
    status.className = "note";
    status.setAttribute("aria-live", "polite");
    status.dataset.brushed = "";
    chart.box.after(status);

    function show() {
      var choice = selected(chart.plot.data[0], meta.keys);
      status.textContent = choice.isAll
        ? "Drag along an axis to select trials; drag again for more, click the axis to clear it."
        : choice.count + " of " + meta.keys.length + " trials are selected; the table below keeps to them.";
      document.querySelectorAll("#" + CSS.escape(meta.table) + " tbody tr").forEach(function (row) {
        var key = row.cells[0].dataset.sort;
        row.classList.toggle("unbrushed", !choice.isAll && !(known[key] && choice.kept[key]));
      });
    }

    show();
    chart.plot.on("plotly_restyle", show);
    chart.plot.on("plotly_afterplot", show);
  }

  window.hpowh.charts.forEach(function (chart) {
    var meta = chart.spec.layout && chart.spec.layout.meta;
    if (!meta || !meta.table) return;
    new MutationObserver(function (changes, watcher) {
      if (chart.box.dataset.drawn !== "yes") return;
      watcher.disconnect();
      link(chart, meta);
    }).observe(chart.box, { attributes: true, attributeFilter: ["data-drawn"] });
  });
})();
