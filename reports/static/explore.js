// An experiment as the reader asks it: of chosen algorithms, benchmarks and budget the means, ranks, targets reached,
// the running time to a target and the attainment, from the runs themselves.
(function () {
  "use strict";
  var TARGETS = [0.5, 0.2, 0.1, 0.05, 0.02, 0.01, 0.005, 0.002, 0.001, 0];
  var STEPS = 50;

  function mean(values) {
    return values.length ? values.reduce(function (sum, one) { return sum + one; }, 0) / values.length : null;
  }

  function number(value) {
    if (value === null) return "\u2014";
    return value === Infinity ? "not reached" : String(Number(value.toPrecision(3))).replace("-", "\u2212");
  }

  // A run: [algorithm, benchmark, setting, seed, axis, regrets]. Its regret when a share of the axis is spent; null
  // before its first value.
  function regretAt(data, run, share) {
    var axis = data.axes[run[4]];
    var limit = share * axis[axis.length - 1] * (1 + 1e-9);
    var found = null;
    for (var i = 0; i < axis.length && axis[i] <= limit; i++) found = run[5][i];
    return found;
  }

  // Budget that a run has spent when it reaches the target, at most the limit; null where it does not.
  function hit(data, run, target, share) {
    var axis = data.axes[run[4]];
    var limit = share * axis[axis.length - 1] * (1 + 1e-9);
    for (var i = 0; i < axis.length && axis[i] <= limit; i++) if (run[5][i] <= target) return axis[i];
    return null;
  }

  // Mean over benchmarks of the mean over their runs.
  function overBenchmarks(runs, value) {
    var groups = {};
    runs.forEach(function (run) {
      var one = value(run);
      if (one !== null) (groups[run[1]] = groups[run[1]] || []).push(one);
    });
    return mean(Object.keys(groups).map(function (key) { return mean(groups[key]); }));
  }

  // Mean ranks over blocks (benchmark, seed) in which every chosen algorithm has a value; ties share the mean.
  function ranks(data, runs, chosen, share) {
    var blocks = {};
    var found = {};
    runs.forEach(function (run) {
      var value = regretAt(data, run, share);
      if (value !== null) (blocks[run[1] + "/" + run[3]] = blocks[run[1] + "/" + run[3]] || {})[run[0]] = value;
    });
    Object.keys(blocks).forEach(function (key) {
      var block = blocks[key];
      if (Object.keys(block).length < chosen.length) return;
      chosen.forEach(function (one) {
        var less = 0;
        var same = 0;
        chosen.forEach(function (other) {
          if (block[other] < block[one]) less += 1;
          if (block[other] === block[one]) same += 1;
        });
        (found[one] = found[one] || []).push(less + (same + 1) / 2);
      });
    });
    return found;
  }

  // Budget spent by all runs until they hit or end, over the number of hits: the expected running time with restarts.
  function runningTime(data, runs, target, share, unit) {
    var groups = {};
    runs.forEach(function (run) {
      var group = groups[run[1]] = groups[run[1]] || { spent: 0, hits: 0 };
      var axis = data.axes[run[4]];
      var at = hit(data, run, target, share);
      var end = axis[axis.length - 1];
      group.spent += unit * (at === null ? share : at / end);
      group.hits += at === null ? 0 : 1;
    });
    return mean(Object.keys(groups).map(function (key) {
      return groups[key].hits ? groups[key].spent / groups[key].hits : Infinity;
    }));
  }

  function summary(data, choice) {
    var rows = data.runs.filter(function (run) {
      return choice.algorithms[run[0]] && choice.benchmarks[run[1]] && run[2] === choice.setting;
    });
    var chosen = data.algorithms.map(function (_, at) { return at; }).filter(function (at) {
      return choice.algorithms[at] && rows.some(function (run) { return run[0] === at; });
    });
    var ranked = ranks(data, rows, chosen, choice.share);
    return {
      blocks: (ranked[chosen[0]] || []).length,
      algorithms: chosen.map(function (at) {
        var mine = rows.filter(function (run) { return run[0] === at; });
        var reached = mine.filter(function (run) { return hit(data, run, choice.target, choice.share) !== null; });
        return {
          at: at, runs: mine,
          regret: overBenchmarks(mine, function (run) { return regretAt(data, run, choice.share); }),
          rank: ranked[at] ? mean(ranked[at]) : null,
          reached: mine.length ? reached.length / mine.length : null,
          time: runningTime(data, mine, choice.target, choice.share, choice.unit)
        };
      })
    };
  }

  function curves(data, found, choice, value) {
    var shares = sharesOf(choice);
    return found.algorithms.map(function (one) {
      var look = data.algorithms[one.at];
      return {
        type: "scatter", mode: "lines", name: look[0].replace(/&/g, "&amp;").replace(/</g, "&lt;"),
        x: shares.map(function (share) { return share * choice.unit; }),
        y: shares.map(function (share) { return value(one.runs, share); }),
        line: { color: window.hpowh.colour(look[1]), dash: look[2], width: 2, shape: "hv" },
        hovertemplate: "%{y:.3~g}"
      };
    });
  }

  // Attainment: of one algorithm's runs the share that have reached each target when a share of the budget is spent,
  // the mean over benchmarks of the shares of their runs; less another algorithm's where one is named.
  function attainment(data, found, choice, shares) {
    function grid(at) {
      var one = found.algorithms.filter(function (each) { return each.at === at; })[0];
      return one && TARGETS.map(function (target) {
        return shares.map(function (share) {
          return overBenchmarks(one.runs, function (run) { return hit(data, run, target, share) === null ? 0 : 1; });
        });
      });
    }
    var own = grid(choice.shown);
    var other = choice.less !== null && grid(choice.less);
    if (!own || choice.less !== null && !other) return [];
    return own.map(function (row, y) {
      return row.map(function (value, x) { return value === null ? null : value - (other ? other[y][x] : 0); });
    });
  }

  function sharesOf(choice) {
    var shares = [];
    for (var i = 1; i <= STEPS; i++) if (i / STEPS <= choice.share + 1e-9) shares.push(i / STEPS);
    if (shares[shares.length - 1] !== choice.share) shares.push(choice.share);
    return shares;
  }

  function map(grid, choice, shares) {
    var isLess = choice.less !== null;
    var scale = [[0, "#b35806"], [0.5, window.hpowh.colour("@surface")], [1, "#542788"]];
    return [{
      type: "heatmap", z: grid, x: shares.map(function (share) { return share * choice.unit; }), y: TARGETS.map(String),
      zmin: isLess ? -1 : 0, zmax: 1, colorscale: isLess ? scale : "Cividis",
      hovertemplate: "%{z:.0%} at %{x:.3~g}, regret at most %{y}<extra></extra>",
      colorbar: { tickformat: ".0%", thickness: 12, outlinewidth: 0 }
    }];
  }

  function layout(title, label, isLog) {
    var ink = window.hpowh.colour("@ink");
    var axis = { gridcolor: window.hpowh.colour("@line"), automargin: true, zeroline: false };
    return {
      paper_bgcolor: "rgba(0,0,0,0)", plot_bgcolor: "rgba(0,0,0,0)", height: 320, hovermode: "x unified",
      font: { color: ink, size: 13, family: getComputedStyle(document.body).fontFamily },
      hoverlabel: { bgcolor: window.hpowh.colour("@surface"), font: { color: ink } },
      margin: { l: 60, r: 20, t: 10, b: 44 }, legend: { orientation: "h", x: 0, y: 1.02, yanchor: "bottom" },
      xaxis: Object.assign({ title: { text: label }, rangemode: "tozero" }, axis),
      yaxis: Object.assign({ title: { text: title }, type: isLog ? "log" : "linear", tickformat: "~g" }, isLog ? { dtick: "D2" } : {}, axis)
    };
  }

  function Explorer(box) {
    var self = this;
    this.box = box;
    this.data = JSON.parse(box.querySelector("[data-runs]").textContent);
    this.choice = {
      algorithms: this.data.algorithms.map(function () { return true; }),
      benchmarks: this.data.benchmarks.map(function () { return true; }), setting: 0, share: 1, target: 0.01,
      shown: 0, less: null
    };
    var ends = this.data.axes.map(function (axis) { return axis[axis.length - 1]; });
    this.isOne = ends.every(function (end) { return end === ends[0]; });
    this.choice.unit = this.isOne ? ends[0] : 1;
    ["algorithms", "benchmarks"].forEach(function (what) {
      var place = box.querySelector('[data-picks="' + what + '"]');
      self.data[what].forEach(function (one, at) {
        var label = document.createElement("label");
        var tick = document.createElement("input");
        var name = document.createElement("bdi");
        tick.type = "checkbox";
        tick.checked = true;
        name.textContent = what === "algorithms" ? one[0] : one;
        tick.addEventListener("change", function () {
          self.choice[what][at] = tick.checked;
          self.draw();
        });
        label.appendChild(tick);
        label.appendChild(name);
        place.appendChild(label);
      });
    });
    var setting = box.querySelector("[data-setting]");
    setting.hidden = this.data.settings.length < 2;
    this.options(setting.querySelector("select"), this.data.settings, function (at) { self.choice.setting = at; });
    this.options(box.querySelector("[data-target]"), TARGETS.map(String), function (at) { self.choice.target = TARGETS[at]; });
    box.querySelector("[data-target]").value = String(TARGETS.indexOf(this.choice.target));
    var names = this.data.algorithms.map(function (one) { return one[0]; });
    this.options(box.querySelector("[data-shown]"), names, function (at) { self.choice.shown = at; });
    this.options(box.querySelector("[data-less]"), ["nothing"].concat(names), function (at) {
      self.choice.less = at ? at - 1 : null;
    });
    var range = box.querySelector("[data-budget]");
    range.addEventListener("input", function () {
      self.choice.share = Number(range.value) / 100;
      self.draw();
    });
  }

  Explorer.prototype.options = function (select, texts, chosen) {
    var self = this;
    texts.forEach(function (text, at) {
      var option = document.createElement("option");
      option.value = String(at);
      option.textContent = text === "" ? "(none)" : text;
      select.appendChild(option);
    });
    select.addEventListener("change", function () {
      chosen(Number(select.value));
      self.draw();
    });
  };

  Explorer.prototype.draw = function () {
    var data = this.data;
    var choice = this.choice;
    var found = summary(data, choice);
    var body = this.box.querySelector("[data-summary] tbody");
    body.textContent = "";
    found.algorithms.slice().sort(function (a, b) { return (a.rank || 99) - (b.rank || 99); }).forEach(function (one) {
      var row = document.createElement("tr");
      [data.algorithms[one.at][0], number(one.regret), number(one.rank), one.reached === null ? "\u2014" :
        Math.round(100 * one.reached) + " %", number(one.time)].forEach(function (text, at) {
        var cell = document.createElement("td");
        var name = document.createElement("bdi");
        name.textContent = text;
        if (at) cell.className = "number";
        cell.appendChild(name);
        row.appendChild(cell);
      });
      body.appendChild(row);
    });
    var spent = this.isOne ? number(choice.share * choice.unit) : Math.round(100 * choice.share) + " % of each benchmark's";
    this.box.querySelector("output").textContent = spent;
    this.box.querySelector("[data-said]").textContent = "Ranks over " + found.blocks + " combinations of benchmark and " +
      "seed that every chosen algorithm has. Nothing here is tested: whether a difference holds for other benchmarks is " +
      "what the page of models says.";
    this.found = found;
    var label = this.isOne ? "Budget" : "Share of the benchmark's budget";
    var means = curves(data, found, choice, function (runs, share) {
      return overBenchmarks(runs, function (run) { return regretAt(data, run, share); });
    });
    var reached = curves(data, found, choice, function (runs, share) {
      return overBenchmarks(runs, function (run) {
        var value = regretAt(data, run, share);
        return value === null ? 0 : TARGETS.filter(function (target) { return value <= target; }).length / TARGETS.length;
      });
    });
    var shares = sharesOf(choice);
    var attained = attainment(data, found, choice, shares);
    var box = this.box;
    this.drawn = { shares: shares, means: means, reached: reached, attained: attained };
    box.querySelector("[data-none]").hidden = attained.length > 0;
    box.querySelector("[data-attained]").hidden = !attained.length;
    return window.hpowh.plotly().then(function (Plotly) {
      var config = { responsive: true, displaylogo: false, displayModeBar: false };
      var drawn = [
        Plotly.react(box.querySelector("[data-means]"), means, layout("Mean normalised regret", label, true), config),
        Plotly.react(box.querySelector("[data-shares]"), reached, layout("Share of targets reached", label, false), config)
      ];
      if (attained.length) {
        var spread = layout("Regret at most", label, false);
        spread.yaxis.type = "category";
        spread.yaxis.autorange = "reversed";
        spread.hovermode = "closest";
        drawn.push(Plotly.react(box.querySelector("[data-attained]"), map(attained, choice, shares), spread, config));
      }
      return Promise.all(drawn);
    }).then(function () { box.dataset.drawn = "yes"; });
  };

  document.querySelectorAll("[data-explorer]").forEach(function (box) {
    var explorer = new Explorer(box);
    box.hpowhExplorer = explorer;
    var watcher = new IntersectionObserver(function (entries) {
      if (!entries.some(function (entry) { return entry.isIntersecting; })) return;
      watcher.disconnect();
      explorer.draw();
      window.hpowh.onTheme(function () { explorer.draw(); });
    }, { rootMargin: "200px 0px" });
    watcher.observe(box);
  });
})();
