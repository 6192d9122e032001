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
    copy.style.background = getComputedStyle(document.body).backgroundColor;
    return new XMLSerializer().serializeToString(copy);
  }

  function saveSvg(svg, format, name) {
    var url = "data:image/svg+xml;charset=utf-8," + encodeURIComponent(standalone(svg));
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

  function savePlot(chart, format, name) {
    chart.draw().then(window.hpowh.plotly).then(function (Plotly) {
      var size = { width: chart.plot.clientWidth, height: chart.plot.clientHeight };
      var background = { paper_bgcolor: getComputedStyle(document.body).backgroundColor };
      var layout = Object.assign({}, chart.plot.layout, background);
      var options = { format: format, width: size.width, height: size.height, scale: format === "png" ? 2 : 1 };
      return Plotly.toImage({ data: chart.plot.data, layout: layout }, options).then(function (url) {
        download(url, name + "." + format);
      });
    });
  }

  document.querySelectorAll("[data-save]").forEach(function (button) {
    button.addEventListener("click", function () {
      var figure = button.closest("figure");
      var box = figure.querySelector(".chart");
      if (box.hpowhSave) box.hpowhSave(function (svg) { saveSvg(svg, button.dataset.save, figure.id); });
      else if (box.hpowhChart) savePlot(box.hpowhChart, button.dataset.save, figure.id);
      else saveSvg(box.querySelector("svg"), button.dataset.save, figure.id);
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
