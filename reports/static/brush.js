// Parallel coordinates on a canvas: a line a trial; brushes on the axes select whole trials, here and elsewhere.
(function () {
  "use strict";
  var SVG = "http://www.w3.org/2000/svg";
  // Cividis in ten steps: reads the same in every colour blindness.
  var SCALE = ["#00224e", "#123570", "#3b496c", "#575d6d", "#707173", "#8a8678", "#a59c74", "#c3b369", "#e1cc55", "#fee838"];
  var TOP = 46;
  var BOTTOM = 22;
  var BUDGET = 9; // milliseconds of drawing a frame

  function svg(kind, attributes, parent) {
    var made = document.createElementNS(SVG, kind);
    Object.keys(attributes).forEach(function (key) { made.setAttribute(key, attributes[key]); });
    if (parent) parent.appendChild(made);
    return made;
  }

  function short(text, limit) { return text.length > limit ? text.slice(0, limit - 1) + "\u2026" : text; }

  // An axis: where each trial lies on it, from 0 (below) to 1; without a value it lies below the others.
  function Axis(column, rows) {
    this.column = column;
    this.title = column.name + (column.isLog ? " (log)" : column.isRank ? " (rank)" : "");
    this.brushes = [];
    this.place = new Float32Array(column.data.length);
    this.ticks = [];
    this[!column.isNumber ? "levels" : column.isRank ? "ranks" : "numbers"](rows);
  }

  // Heavy tails with values on both sides of 0: places are ranks, ticks the quantiles.
  Axis.prototype.ranks = function (rows) {
    var column = this.column;
    var there = rows.filter(function (row) { return column.at(row) !== null; });
    var values = there.map(function (row) { return column.at(row); }).sort(function (a, b) { return a - b; });
    var last = Math.max(1, values.length - 1);
    var floor = there.length < rows.length ? 0.12 : 0;
    var first = {};
    var end = {};
    values.forEach(function (value, at) {
      if (!(value in first)) first[value] = at;
      end[value] = at;
    });
    there.forEach(function (row) {
      var value = column.at(row);
      this.place[row] = floor + (1 - floor) * (first[value] + end[value]) / 2 / last;
    }, this);
    if (floor) this.ticks.push([0, "(none)"]);
    this.scale = function (at) {
      return values[Math.round(Math.min(1, Math.max(0, (at - floor) / (1 - floor))) * last)];
    };
    for (var i = 0; values.length && i <= 4; i += 1) {
      var at = floor + (1 - floor) * i / 4;
      this.ticks.push([at, window.hpowh.written(Number(this.scale(at).toPrecision(3)))]);
    }
  };

  Axis.prototype.numbers = function (rows) {
    var column = this.column;
    var low = Infinity;
    var high = -Infinity;
    var missing = false;
    var shown = new Float64Array(column.data.length).fill(NaN);
    rows.forEach(function (row) {
      var value = column.at(row);
      if (value === null) { missing = true; return; }
      shown[row] = column.isLog ? Math.log10(value) : value;
      low = Math.min(low, shown[row]);
      high = Math.max(high, shown[row]);
    });
    if (low > high) { low = 0; high = 1; }
    if (low === high) { low -= 0.5; high += 0.5; }
    var floor = missing ? 0.12 : 0;
    for (var row = 0; row < shown.length; row += 1) {
      this.place[row] = isNaN(shown[row]) ? 0 : floor + (1 - floor) * (shown[row] - low) / (high - low);
    }
    if (missing) this.ticks.push([0, "(none)"]);
    this.scale = function (at) {
      var plain = low + (high - low) * (at - floor) / (1 - floor);
      return column.isLog ? Math.pow(10, plain) : plain;
    };
    if (column.values && column.values.length <= 7) {
      column.values.forEach(function (value) {
        var plain = column.isLog ? Math.log10(value) : value;
        this.ticks.push([floor + (1 - floor) * (plain - low) / (high - low), window.hpowh.written(value)]);
      }, this);
      return;
    }
    for (var i = 0; i <= 4; i += 1) {
      var at = floor + (1 - floor) * i / 4;
      this.ticks.push([at, window.hpowh.written(Number(this.scale(at).toPrecision(3)))]);
    }
  };

  Axis.prototype.levels = function (rows) {
    var column = this.column;
    var missing = rows.some(function (row) { return column.data[row] === 0; });
    var names = (missing ? ["(none)"] : []).concat(column.values);
    var step = names.length > 1 ? 1 / (names.length - 1) : 0;
    var shift = missing ? 0 : 1;
    for (var row = 0; row < column.data.length; row += 1) {
      this.place[row] = names.length > 1 ? (column.data[row] - shift) * step : 0.5;
    }
    var every = Math.ceil(names.length / 14);
    names.forEach(function (name, at) {
      if (at % every === 0) this.ticks.push([names.length > 1 ? at * step : 0.5, name]);
    }, this);
    this.reach = names.length > 1 ? 0.45 * step : 0.5;
  };

  function Parallel(box) {
    var self = this;
    var spec = JSON.parse(box.querySelector("[data-spec]").textContent);
    this.box = box;
    this.plot = box.querySelector(".plot");
    this.trials = document.getElementById(spec.trials).hpowhTrials;
    this.id = box.dataset.chart;
    this.higher = spec.higher_is_better;
    this.colourBy = spec.colour;
    this.metric = this.trials.columns[spec.colour];
    this.drawn = [];
    for (var row = 0; row < this.trials.count; row += 1) {
      if (this.trials.columns[1].at(row) === "finished" && this.metric.at(row) !== null) this.drawn.push(row);
    }
    this.axes = spec.axes.map(function (at) { return new Axis(self.trials.columns[at], self.drawn); });
    this.rank();
    this.back = document.createElement("canvas");
    this.front = document.createElement("canvas");
    this.plot.appendChild(this.back);
    this.plot.appendChild(this.front);
    this.svg = svg("svg", { role: "group", "aria-label": spec.alt }, this.plot);
    this.status = document.createElement("p");
    this.status.className = "note";
    this.status.setAttribute("aria-live", "polite");
    this.status.dataset.brushed = "";
    box.appendChild(this.status);
    this.choices(spec);
    this.trials.listeners.push(function () { self.redraw(); self.say(); });
    window.hpowh.onTheme(function () { self.layout(); });
    new ResizeObserver(function () { self.layout(); }).observe(this.plot);
    box.hpowhSave = function (save) { self.save(save); };
  }

  // Lines in the order in which they are drawn (the best last, on top), each with its step of the colour scale.
  Parallel.prototype.rank = function () {
    var metric = this.metric;
    var rows = [];
    this.drawn.forEach(function (row) { if (metric.at(row) !== null) rows.push(row); });
    if (!rows.length) { this.lines = []; return; }
    rows.sort(function (a, b) { return metric.at(a) - metric.at(b); });
    var low = metric.at(rows[Math.floor(0.02 * (rows.length - 1))]);
    var high = metric.at(rows[Math.ceil(0.98 * (rows.length - 1))]);
    if (!this.higher) rows.reverse();
    this.lines = rows;
    this.step = new Uint8Array(this.trials.count);
    rows.forEach(function (row) {
      var share = high === low ? 1 : Math.min(1, Math.max(0, (metric.at(row) - low) / (high - low)));
      this.step[row] = Math.round(share * 9);
    }, this);
  };

  Parallel.prototype.choices = function (spec) {
    var self = this;
    var label = document.createElement("label");
    var select = document.createElement("select");
    label.textContent = "Colour ";
    this.axes.forEach(function (axis) {
      if (!axis.column.isNumber) return;
      var option = document.createElement("option");
      option.textContent = axis.column.name;
      option.value = String(self.trials.columns.indexOf(axis.column));
      select.appendChild(option);
    });
    select.value = String(this.colourBy);
    select.addEventListener("change", function () {
      self.metric = self.trials.columns[Number(select.value)];
      self.higher = Number(select.value) === self.colourBy ? spec.higher_is_better : true;
      self.rank();
      self.layout();
    });
    label.appendChild(select);
    this.box.querySelector("[data-choices]").appendChild(label);
    this.box.querySelector("[data-choices]").appendChild(this.menu());
  };

  // Which columns have an axis: all that the table has, but for the trial's own number, state and name.
  Parallel.prototype.menu = function () {
    var self = this;
    var menu = document.createElement("details");
    var list = document.createElement("div");
    menu.className = "axes";
    menu.appendChild(document.createElement("summary")).textContent = "Axes";
    menu.appendChild(list);
    this.trials.columns.forEach(function (column, at) {
      if (at < 2 || column.name === "Name" && !column.isNumber) return;
      var label = document.createElement("label");
      var box = document.createElement("input");
      var name = document.createElement("bdi");
      box.type = "checkbox";
      box.checked = self.axes.some(function (axis) { return axis.column === column; });
      name.textContent = column.name;
      box.addEventListener("change", function () { box.checked = self.show(column, box.checked); });
      label.appendChild(box);
      label.appendChild(name);
      list.appendChild(label);
    });
    return menu;
  };

  // Give a column an axis, before the last one, or take it away; return whether it has one: the last axis stays.
  Parallel.prototype.show = function (column, wanted) {
    var at = this.axes.map(function (axis) { return axis.column; }).indexOf(column);
    if (wanted && at < 0) this.axes.splice(this.axes.length - 1, 0, new Axis(column, this.drawn));
    if (!wanted && at >= 0 && this.axes.length > 1) this.axes.splice(at, 1);
    this.layout();
    this.select();
    return this.axes.some(function (axis) { return axis.column === column; });
  };

  Parallel.prototype.x = function (at) {
    var side = Math.min(70, this.width * 0.09);
    return this.axes.length < 2 ? this.width / 2 : side + at * (this.width - 2 * side) / (this.axes.length - 1);
  };

  Parallel.prototype.y = function (place) { return TOP + (1 - place) * (this.height - TOP - BOTTOM); };

  Parallel.prototype.placeOf = function (y) {
    return Math.min(1, Math.max(0, 1 - (y - TOP) / (this.height - TOP - BOTTOM)));
  };

  Parallel.prototype.layout = function () {
    var least = 62 * this.axes.length;
    this.width = Math.max(this.plot.clientWidth, least);
    this.height = this.plot.clientHeight - (least > this.plot.clientWidth ? 16 : 0);
    if (!this.plot.clientWidth) return;
    var ratio = window.devicePixelRatio || 1;
    [this.back, this.front].forEach(function (canvas) {
      canvas.width = this.width * ratio;
      canvas.height = this.height * ratio;
      canvas.style.width = this.width + "px";
      canvas.style.height = this.height + "px";
      canvas.getContext("2d").setTransform(ratio, 0, 0, ratio, 0, 0);
    }, this);
    this.frame();
    this.paint(this.back, null, function () { return window.hpowh.colour("@muted/0.09"); });
    this.redraw();
    this.say();
  };

  // Draw lines a little in every frame, so that the page never waits; a new call ends the one before.
  Parallel.prototype.paint = function (canvas, mask, colour) {
    var self = this;
    var context = canvas.getContext("2d");
    var lines = this.lines;
    var xs = this.axes.map(function (_, at) { return self.x(at); });
    var places = this.axes.map(function (axis) { return axis.place; });
    var height = this.height - TOP - BOTTOM;
    var bottom = this.height - BOTTOM;
    var last = xs.length - 1;
    var next = 0;
    var token = {};
    canvas.hpowhToken = token;
    context.clearRect(0, 0, this.width, this.height);
    context.lineWidth = 1;
    function part() {
      if (canvas.hpowhToken !== token) return;
      var end = performance.now() + BUDGET;
      while (next < lines.length && performance.now() < end) {
        var stop = Math.min(lines.length, next + 40);
        var stroke = null;
        for (; next < stop; next += 1) {
          var row = lines[next];
          if (mask && !mask[row]) continue;
          var own = colour(row);
          if (own !== stroke) {
            if (stroke !== null) context.stroke();
            context.strokeStyle = stroke = own;
            context.beginPath();
          }
          context.moveTo(xs[0], bottom - places[0][row] * height);
          for (var i = 1; i <= last; i += 1) context.lineTo(xs[i], bottom - places[i][row] * height);
        }
        if (stroke !== null) context.stroke();
      }
      if (next < lines.length) requestAnimationFrame(part);
      else canvas.dataset.complete = String(Number(canvas.dataset.complete || 0) + 1);
    }
    part();
  };

  Parallel.prototype.redraw = function () {
    if (!this.width) return;
    var step = this.step;
    var dark = window.hpowh.isDark();
    var higher = this.higher;
    var share = Math.min(0.8, Math.max(0.1, 400 / (this.trials.kept || 1)));
    var opacity = ("0" + Math.round(255 * share).toString(16)).slice(-2);
    var colours = SCALE.map(function (_, at) {
      // Yellow is better; the darkest steps would vanish on a dark page, the lightest on a light one.
      var place = higher ? at : 9 - at;
      return SCALE[dark ? Math.max(place, 2) : Math.min(place, 8)] + opacity;
    });
    this.back.style.opacity = this.trials.mask ? 1 : 0;
    this.paint(this.front, this.trials.mask, function (row) { return colours[step[row]]; });
  };

  // Axes, ticks, titles and brushes.
  Parallel.prototype.frame = function () {
    var self = this;
    this.svg.replaceChildren();
    this.svg.setAttribute("width", this.width);
    this.svg.setAttribute("height", this.height);
    var gap = this.axes.length > 1 ? this.x(1) - this.x(0) : this.width / 2;
    this.axes.forEach(function (axis, at) {
      var group = svg("g", {
        class: "axis", tabindex: 0, role: "button", transform: "translate(" + self.x(at) + ",0)",
        "aria-label": axis.title + ": arrow keys move a selection along the axis, Escape clears it",
      }, self.svg);
      var name = svg("text", { class: "axis-title", y: at % 2 ? 28 : 13, "text-anchor": "middle" }, group);
      var room = Math.min(gap, self.x(at), self.width - self.x(at));  // to a neighbour's title, or to the edge
      name.textContent = short(axis.title, Math.max(6, Math.floor(2 * room / 7.5)));
      svg("title", {}, name).textContent = axis.title;
      svg("line", { class: "axis-line", y1: self.y(0), y2: self.y(1) }, group);
      axis.ticks.forEach(function (tick) {
        var y = self.y(tick[0]);
        svg("line", { class: "axis-line", x1: -3, x2: 3, y1: y, y2: y }, group);
        var text = svg("text", { class: "tick", x: 5, y: y + 4 }, group);
        text.textContent = short(String(tick[1]), Math.max(4, Math.floor((gap - 8) / 6.6)));
      });
      axis.drawn = svg("g", { class: "brushes" }, group);
      var grip = svg("rect", {
        class: "axis-brush", x: -14, width: 28, y: self.y(1) - 4, height: self.y(0) - self.y(1) + 8, fill: "transparent",
      }, group);
      grip.addEventListener("pointerdown", function (event) { self.drag(event, axis, grip); });
      name.addEventListener("pointerdown", function (event) { self.move(event, axis, group); });
      group.addEventListener("keydown", function (event) { self.key(event, axis); });
      self.brushes(axis);
    });
  };

  Parallel.prototype.brushes = function (axis) {
    var self = this;
    axis.drawn.replaceChildren();
    axis.brushes.forEach(function (brush) {
      svg("rect", {
        class: "brush", x: -6, width: 12, y: self.y(brush[1]), height: Math.max(2, self.y(brush[0]) - self.y(brush[1])),
      }, axis.drawn);
    });
  };

  // A drag selects a range (with Shift one more), a click clears the axis.
  Parallel.prototype.drag = function (event, axis, grip) {
    var self = this;
    var top = this.svg.getBoundingClientRect().top;
    var start = this.placeOf(event.clientY - top);
    var others = event.shiftKey ? axis.brushes : [];
    var moved = false;
    event.preventDefault();
    grip.setPointerCapture(event.pointerId);
    function follow(now) {
      var place = self.placeOf(now.clientY - top);
      if (!moved && Math.abs(place - start) * self.height < 3) return;
      moved = true;
      axis.brushes = others.concat([[Math.min(start, place), Math.max(start, place)]]);
      self.brushes(axis);
      self.soon();
    }
    function end() {
      grip.removeEventListener("pointermove", follow);
      grip.removeEventListener("pointerup", end);
      grip.removeEventListener("pointercancel", end);
      if (!moved) axis.brushes = [];
      self.brushes(axis);
      self.select();
    }
    grip.addEventListener("pointermove", follow);
    grip.addEventListener("pointerup", end);
    grip.addEventListener("pointercancel", end);
  };

  // A title dragged sideways takes its axis along.
  Parallel.prototype.move = function (event, axis, group) {
    var self = this;
    var start = event.clientX;
    var from = this.x(this.axes.indexOf(axis));
    event.preventDefault();
    event.target.setPointerCapture(event.pointerId);
    event.target.onpointermove = function (now) {
      group.setAttribute("transform", "translate(" + (from + now.clientX - start) + ",0)");
    };
    event.target.onpointerup = event.target.onpointercancel = function (now) {
      var gap = self.x(1) - self.x(0);
      var to = Math.round((from + now.clientX - start - self.x(0)) / gap);
      self.axes.splice(self.axes.indexOf(axis), 1);
      self.axes.splice(Math.min(self.axes.length, Math.max(0, to)), 0, axis);
      self.layout();
    };
  };

  Parallel.prototype.key = function (event, axis) {
    var steps = { ArrowUp: 0.05, ArrowDown: -0.05 };
    if (event.key === "Escape") axis.brushes = [];
    else if (event.key in steps) {
      var brush = axis.brushes[0] || [0.8, 1];
      var size = brush[1] - brush[0];
      var low = axis.brushes.length ? Math.min(1 - size, Math.max(0, brush[0] + steps[event.key])) : brush[0];
      axis.brushes = [[low, low + size]];
    } else return;
    event.preventDefault();
    this.brushes(axis);
    this.select();
  };

  Parallel.prototype.soon = function () {
    var self = this;
    if (this.pending) return;
    this.pending = requestAnimationFrame(function () { self.pending = 0; self.select(); });
  };

  Parallel.prototype.clear = function () {
    this.axes.forEach(function (axis) { axis.brushes = []; this.brushes(axis); }, this);
    delete this.trials.filters[this.id];
  };

  // Trials that pass through a brush of every axis that has some.
  Parallel.prototype.select = function () {
    var axes = this.axes.filter(function (axis) { return axis.brushes.length; });
    if (!axes.length) return this.trials.keep(this.id, null);
    var mask = new Uint8Array(this.trials.count);
    for (var i = 0; i < this.lines.length; i += 1) mask[this.lines[i]] = 1;
    axes.forEach(function (axis) {
      for (var row = 0; row < mask.length; row += 1) {
        if (!mask[row]) continue;
        var place = axis.place[row];
        mask[row] = axis.brushes.some(function (one) { return place >= one[0] && place <= one[1]; }) ? 1 : 0;
      }
    });
    return this.trials.keep(this.id, mask);
  };

  Parallel.prototype.say = function () {
    var trials = this.trials;
    this.status.textContent = trials.mask
      ? trials.kept.toLocaleString("en") + " of " + trials.count.toLocaleString("en") +
        " trials are selected; the table and the other figures keep to them."
      : "Drag along an axis to select trials, with Shift for one more range; a click clears the axis. Titles can be dragged.";
  };

  // Save the drawing: the lines as an image under the axes.
  Parallel.prototype.save = function (save) {
    var self = this;
    var canvas = document.createElement("canvas");
    canvas.width = this.front.width;
    canvas.height = this.front.height;
    [this.back, this.front].forEach(function (one) {
      if (one.style.opacity !== "0") canvas.getContext("2d").drawImage(one, 0, 0);
    });
    var image = svg("image", { width: this.width, height: this.height, href: canvas.toDataURL("image/png") });
    this.svg.insertBefore(image, this.svg.firstChild);
    save(self.svg);
    image.remove();
  };

  document.querySelectorAll(".chart[data-parallel]").forEach(function (box) {
    function start() {
      if (box.hpowhParallel) return;
      box.hpowhParallel = new Parallel(box);
      window.hpowh.parallels.push(box.hpowhParallel);
      box.hpowhParallel.layout();
      box.dataset.drawn = "yes";
    }
    if (!("IntersectionObserver" in window)) { start(); return; }
    new IntersectionObserver(function (entries, watcher) {
      if (!entries.some(function (entry) { return entry.isIntersecting; })) return;
      watcher.disconnect();
      start();
    }, { rootMargin: "300px 0px" }).observe(box);
  });
})();
