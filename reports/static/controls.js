// What a reader can do with a figure: choose, switch axes to logarithms, save it, copy its SQL.
(function () {
  "use strict";

  function selector(chart, choice, position) {
    var label = document.createElement("label");
    var select = document.createElement("select");
    label.textContent = choice.label + " ";
    choice.options.forEach(function (text, index) {
      var option = document.createElement("option");
      option.value = String(index);
      option.textContent = text === "" ? "(none)" : text;
      select.appendChild(option);
    });
    select.value = String(chart.choice[position]);
    select.addEventListener("change", function () {
      chart.choice[position] = Number(select.value);
      chart.draw();
    });
    label.appendChild(select);
    return label;
  }

  function toggle(chart, axis) {
    var button = document.createElement("button");
    button.type = "button";
    button.textContent = "log " + axis;
    button.title = "Logarithmic " + axis + " axis";
    function show() { button.setAttribute("aria-pressed", String(chart.isLog(axis))); }
    show();
    chart.listeners.push(show);
    button.addEventListener("click", function () {
      chart.axes[axis] = !chart.isLog(axis);
      show();
      chart.draw();
    });
    return button;
  }

  window.hpowh.charts.forEach(function (chart) {
    var place = chart.box.querySelector("[data-choices]");
    chart.spec.selectors.forEach(function (choice, position) {
      if (choice.options.length > 1) place.appendChild(selector(chart, choice, position));
    });
    chart.spec.toggles.forEach(function (axis) { place.appendChild(toggle(chart, axis)); });
  });

  function download(url, name) {
    var link = document.createElement("a");
    link.href = url;
    link.download = name;
    document.body.appendChild(link);
    link.click();
    link.remove();
  }

  // A drawing of the page, with the styles it inherits written into it.
  function standalone(svg) {
    var copy = svg.cloneNode(true);
    var from = [svg].concat(Array.prototype.slice.call(svg.querySelectorAll("*")));
    var to = [copy].concat(Array.prototype.slice.call(copy.querySelectorAll("*")));
    from.forEach(function (element, index) {
      var style = getComputedStyle(element);
      ["fill", "fill-opacity", "stroke", "font-family", "font-size", "font-weight"].forEach(function (name) {
        to[index].style.setProperty(name, style.getPropertyValue(name));
      });
    });
    copy.setAttribute("xmlns", "http://www.w3.org/2000/svg");
    copy.style.background = "#ffffff";
    return new XMLSerializer().serializeToString(copy);
  }

  // Shapes that are coloured by tokens are painted again for the picture, and back.
  function inLight(svg) {
    return window.hpowh.inLight(function () {
      window.hpowh.paint();
      return standalone(svg);
    });
  }

  function saveSvg(svg, format, name) {
    var url = "data:image/svg+xml;charset=utf-8," + encodeURIComponent(inLight(svg));
    if (format === "svg") return download(url, name + ".svg");
    var image = new Image();
    image.onload = function () {
      var canvas = document.createElement("canvas");
      canvas.width = 2 * svg.clientWidth;
      canvas.height = 2 * svg.clientHeight;
      canvas.getContext("2d").drawImage(image, 0, 0, canvas.width, canvas.height);
      download(canvas.toDataURL("image/png"), name + ".png");
    };
    image.src = url;
  }

  function imageOf(chart, format) {
    return chart.draw().then(window.hpowh.plotly).then(function (Plotly) {
      var size = { width: chart.plot.clientWidth, height: chart.plot.clientHeight };
      var drawn = window.hpowh.inLight(function () { return chart.picture(); });
      drawn.layout.paper_bgcolor = "#ffffff";
      var options = { format: format, width: size.width, height: size.height, scale: format === "png" ? 2 : 1 };
      return Plotly.toImage(drawn, options);
    });
  }

  function savePlot(chart, format, name) {
    imageOf(chart, format).then(function (url) { download(url, name + "." + format); });
  }

  document.querySelectorAll("[data-copy-svg]").forEach(function (button) {
    button.addEventListener("click", function () {
      var box = button.closest("figure").querySelector(".chart");
      function done(svg) { window.hpowh.copy(inLight(svg), button); window.hpowh.paint(); }
      if (box.hpowhSave) box.hpowhSave(done);
      else if (!box.hpowhChart) done(box.querySelector("svg"));
      else imageOf(box.hpowhChart, "svg").then(function (url) {
        window.hpowh.copy(decodeURIComponent(url.slice(url.indexOf(",") + 1)), button);
      });
    });
  });

  document.querySelectorAll("[data-save]").forEach(function (button) {
    button.addEventListener("click", function () {
      var figure = button.closest("figure");
      var box = figure.querySelector(".chart");
      if (box.hpowhSave) box.hpowhSave(function (svg) { saveSvg(svg, button.dataset.save, figure.id); });
      else if (box.hpowhChart) savePlot(box.hpowhChart, button.dataset.save, figure.id);
      else saveSvg(box.querySelector("svg"), button.dataset.save, figure.id);
      window.hpowh.paint();
    });
  });

  document.querySelectorAll("[data-copy]").forEach(function (button) {
    button.addEventListener("click", function () {
      var code = button.parentElement.querySelector("code");
      var range = document.createRange();
      range.selectNodeContents(code);
      var selection = window.getSelection();
      selection.removeAllRanges();
      selection.addRange(range);
      var done = false;
      try { done = document.execCommand("copy"); } catch (error) { done = false; }
      button.textContent = done ? "Copied" : "Selected: press Ctrl+C";
    });
  });
})();
