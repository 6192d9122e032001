// The trials of a sweep, packed into the page: which are selected, and the table that lists them.
(function () {
  "use strict";
  var PAGE = 100;

  function bytes(text) {
    var raw = atob(text);
    var result = new Uint8Array(raw.length);
    for (var i = 0; i < raw.length; i += 1) result[i] = raw.charCodeAt(i);
    return result.buffer;
  }

  // 32-bit floats of which only the upper three bytes are there, to the five digits that these hold.
  function floats(buffer) {
    var given = new Uint8Array(buffer);
    var whole = new Uint8Array(given.length / 3 * 4);
    for (var i = 0; i < given.length / 3; i += 1) whole.set(given.subarray(3 * i, 3 * i + 3), 4 * i + 1);
    return Float64Array.from(new Float32Array(whole.buffer), function (value) { return Number(value.toPrecision(5)); });
  }

  // One column: numbers, or codes of values that are listed once (0: none).
  function Column(spec) {
    this.name = spec.name;
    this.isNumber = spec.kind === "number";
    this.isLog = spec.scale === "log";
    this.isRank = spec.scale === "rank";
    this.values = spec.values;
    var kinds = { u1: Uint8Array, u2: Uint16Array, f8: Float64Array };
    this.data = spec.type === "f3" ? floats(bytes(spec.data)) : new kinds[spec.type](bytes(spec.data));
    if ("base" in spec) {
      this.data = Float64Array.from(this.data, function (step) { return step ? step + spec.base : NaN; });
    }
  }

  Column.prototype.at = function (row) {
    if (!this.values) return isNaN(this.data[row]) ? null : this.data[row];
    return this.data[row] ? this.values[this.data[row] - 1] : null;
  };

  function written(value) {
    if (value === null) return "";
    if (typeof value !== "number") return value;
    if (Number.isInteger(value) && Math.abs(value) < 1e9) return value.toLocaleString("en");
    var size = Math.abs(value);
    var text = size !== 0 && (size < 1e-4 || size >= 1e7) ? value.toExponential(3).replace(/\.?0+e/, "e") : String(Number(value.toPrecision(4)));
    return text.replace(/-/g, "\u2212");
  }

  function Trials(section) {
    var spec = JSON.parse(section.querySelector("[data-trials]").textContent);
    this.section = section;
    this.count = spec.count;
    this.columns = spec.columns.map(function (one) { return new Column(one); });
    this.rowOf = {};
    for (var row = 0; row < this.count; row += 1) this.rowOf[this.columns[0].at(row)] = row;
    this.filters = {};
    this.listeners = [];
    this.mask = null;
    this.kept = this.count;
  }

  // Every source (a figure's brushes, the table's filter) keeps some rows; selected are those that all of them keep.
  // `mask`: one number a row, 0 where it is left out; null: this source keeps all.
  Trials.prototype.keep = function (source, mask) {
    if (mask) this.filters[source] = mask;
    else delete this.filters[source];
    var masks = Object.keys(this.filters).map(function (key) { return this.filters[key]; }, this);
    this.mask = masks.length ? new Uint8Array(this.count) : null;
    this.kept = this.count;
    if (masks.length) {
      this.kept = 0;
      for (var row = 0; row < this.count; row += 1) {
        var all = 1;
        for (var i = 0; i < masks.length; i += 1) all &= masks[i][row] ? 1 : 0;
        this.mask[row] = all;
        this.kept += all;
      }
    }
    this.listeners.forEach(function (listener) { listener(); });
  };

  function Table(trials) {
    var self = this;
    var section = trials.section;
    this.trials = trials;
    this.body = section.querySelector("tbody");
    this.more = section.querySelector("[data-more]");
    this.status = section.querySelector("[data-count]");
    this.order = { column: -1, sign: 1 };
    this.shown = PAGE;
    this.headings = Array.prototype.slice.call(section.querySelectorAll("thead th"));
    this.headings.forEach(function (heading, at) {
      heading.querySelector("button").addEventListener("click", function () {
        var again = self.order.column === at && self.order.sign === 1;
        self.order = { column: at, sign: again ? -1 : 1 };
        self.headings.forEach(function (other, index) {
          other.setAttribute("aria-sort", index !== at ? "none" : again ? "descending" : "ascending");
        });
        self.list();
      });
    });
    section.querySelector("input").addEventListener("input", function (event) { self.filter(event.target.value); });
    section.querySelector("[data-clear]").addEventListener("click", function () {
      section.querySelector("input").value = "";
      window.hpowh.parallels.forEach(function (one) { one.clear(); });
      trials.filters = {};
      trials.keep("table", null);
    });
    this.more.addEventListener("click", function () { self.shown += 5 * PAGE; self.list(true); });
    trials.listeners.push(function () { self.shown = PAGE; self.soon(); });
    this.list();
  }

  // Words must all occur somewhere in a row; a word such as rate<0.01 or loss>=3 compares a column.
  function test(word, trials) {
    var parts = /^(.+?)(<=|>=|<|>|=)(.+)$/.exec(word);
    var column = parts && trials.columns.filter(function (one) { return one.name.toLowerCase() === parts[1]; })[0];
    if (column) {
      var number = Number(parts[3].replace("\u2212", "-"));
      return function (row) {
        var value = column.at(row);
        if (value === null) return false;
        if (parts[2] === "=") return String(value).toLowerCase() === parts[3] || value === number;
        if (typeof value !== "number" || isNaN(number)) return false;
        return { "<": value < number, "<=": value <= number, ">": value > number, ">=": value >= number }[parts[2]];
      };
    }
    return function (row) {
      return trials.columns.some(function (one) { return written(one.at(row)).toLowerCase().indexOf(word) >= 0; });
    };
  }

  Table.prototype.filter = function (text) {
    var trials = this.trials;
    var tests = text.trim().toLowerCase().split(/\s+/).filter(Boolean).map(function (word) { return test(word, trials); });
    if (!tests.length) return trials.keep("table", null);
    var mask = new Uint8Array(trials.count);
    for (var row = 0; row < trials.count; row += 1) {
      mask[row] = tests.every(function (one) { return one(row); }) ? 1 : 0;
    }
    return trials.keep("table", mask);
  };

  Table.prototype.soon = function () {
    var self = this;
    clearTimeout(this.timer);
    this.timer = setTimeout(function () { self.list(); }, 60);
  };

  Table.prototype.rows = function () {
    var rows = [];
    var mask = this.trials.mask;
    for (var row = 0; row < this.trials.count; row += 1) if (!mask || mask[row]) rows.push(row);
    if (this.order.column < 0) return rows;
    var column = this.trials.columns[this.order.column];
    var sign = this.order.sign;
    var keys = {};
    rows.forEach(function (one) { keys[one] = column.at(one); });
    return rows.sort(function (a, b) {
      var x = keys[a];
      var y = keys[b];
      if (x === null || y === null) return (x === null) - (y === null) || a - b;
      if (typeof x === "number" && typeof y === "number") return sign * (x - y) || a - b;
      if (typeof x !== typeof y) return typeof x === "number" ? -1 : 1;
      return sign * x.localeCompare(y, undefined, { numeric: true }) || a - b;
    });
  };

  Table.prototype.list = function () {
    var trials = this.trials;
    var rows = this.rows();
    var lines = document.createDocumentFragment();
    rows.slice(0, this.shown).forEach(function (row) {
      var line = document.createElement("tr");
      line.dataset.row = row;
      trials.columns.forEach(function (column) {
        var cell = document.createElement("td");
        var name = document.createElement("bdi");
        name.textContent = written(column.at(row));
        if (column.isNumber) cell.className = "number";
        cell.appendChild(name);
        line.appendChild(cell);
      });
      lines.appendChild(line);
    });
    this.body.replaceChildren(lines);
    this.more.hidden = rows.length <= this.shown;
    this.status.textContent = trials.mask ? rows.length.toLocaleString("en") + " of " +
      trials.count.toLocaleString("en") + " trials are selected" : trials.count.toLocaleString("en") + " trials";
  };

  // Points of the other figures stand back where their trial is not selected.
  function mark(trials) {
    window.hpowh.charts.forEach(function (chart) {
      if (!chart.isDrawn || !chart.plot.data) return;
      chart.plot.data.forEach(function (trace, at) {
        if (!trace.meta || !trace.meta.trials) return;
        if (trace.type === "scatter" && trace.mode === "lines") {
          var row = trials.rowOf[trace.meta.trials];
          var opacity = trials.mask && !trials.mask[row] ? 0.08 : 1;
          if ((trace.opacity === undefined ? 1 : trace.opacity) !== opacity) window.Plotly.restyle(chart.plot, { opacity: opacity }, [at]);
          return;
        }
        var chosen = null;
        if (trials.mask) {
          chosen = [];
          trace.customdata.forEach(function (key, point) { if (trials.mask[trials.rowOf[key]]) chosen.push(point); });
        }
        if (!chosen && !trace.selectedpoints) return;
        window.Plotly.restyle(chart.plot, { selectedpoints: [chosen] }, [at]);
      });
    });
  }

  document.querySelectorAll("section[data-trial-table]").forEach(function (section) {
    var trials = new Trials(section);
    var timer = 0;
    section.hpowhTrials = trials;
    new Table(trials);
    trials.listeners.push(function () {
      clearTimeout(timer);
      timer = setTimeout(function () { mark(trials); }, 150);
    });
    window.hpowh.charts.forEach(function (chart) { chart.listeners.push(function () { if (trials.mask) mark(trials); }); });
  });
  window.hpowh.written = written;
  window.hpowh.parallels = [];
})();
