// What a reader takes along: a table as LaTeX or Markdown, a picture's SVG as text; always in light colours.
(function () {
  "use strict";

  function shown(button, done) {
    var before = button.dataset.before || button.textContent;
    button.dataset.before = before;
    button.textContent = done ? "Copied" : "Cannot copy here";
    setTimeout(function () { button.textContent = before; }, 1500);
  }

  // From a file the clipboard's own interface is closed; a selected field is copied anywhere.
  function copy(text, button) {
    var field = document.createElement("textarea");
    field.value = text;
    field.setAttribute("readonly", "");
    field.style.position = "fixed";
    field.style.top = "-99rem";
    document.body.appendChild(field);
    field.select();
    var done = false;
    try { done = document.execCommand("copy"); } catch (error) { done = false; }
    field.remove();
    button.focus();
    window.hpowh.copied = text;
    shown(button, done);
  }

  function cells(row) {
    return Array.prototype.map.call(row.cells, function (cell) {
      return (cell.querySelector("bdi") || cell).textContent.trim();
    });
  }

  function rowsOf(table) {
    return Array.prototype.filter.call(table.tBodies[0].rows, function (row) { return !row.hidden; });
  }

  var TEX = {
    "\\": "\\textbackslash{}", "{": "\\{", "}": "\\}", "~": "\\textasciitilde{}", "^": "\\textasciicircum{}",
    "&": "\\&", "%": "\\%", "$": "\\$", "#": "\\#", "_": "\\_", "<": "\\textless{}", ">": "\\textgreater{}",
    "|": "\\textbar{}", "\"": "\\textquotedbl{}", "[": "{[}", "]": "{]}"
  };

  function tex(text, isNumber) {
    var power = /^([\u2212-]?[\d.,]+)e([\u2212-]?\d+)$/.exec(text);
    if (isNumber && power) {
      return "$" + power[1].replace("\u2212", "-") + " \\times 10^{" + power[2].replace("\u2212", "-") + "}$";
    }
    if (isNumber && /^[\u2212-]?[\d.,]+$/.test(text)) return "$" + text.replace("\u2212", "-").replace(/,/g, "{,}") + "$";
    return text.replace(/[\\{}~^&%$#_<>|"[\]]/g, function (char) { return TEX[char]; }).replace(/\u2212/g, "$-$");
  }

  function latex(table) {
    var heads = table.tHead.rows[0].cells;
    var isNumber = Array.prototype.map.call(heads, function (cell) { return cell.classList.contains("number"); });
    var lines = ["\\begin{tabular}{" + isNumber.map(function (one) { return one ? "r" : "l"; }).join("") + "}", "\\toprule"];
    lines.push(cells(table.tHead.rows[0]).map(function (text) { return tex(text, false); }).join(" & ") + " \\\\", "\\midrule");
    rowsOf(table).forEach(function (row) {
      lines.push(cells(row).map(function (text, at) { return tex(text, isNumber[at]); }).join(" & ") + " \\\\");
    });
    return lines.concat(["\\bottomrule", "\\end{tabular}", ""]).join("\n");
  }

  function markdown(table) {
    function line(texts) {
      return "| " + texts.map(function (text) { return text.replace(/[\\|*<]/g, "\\$&"); }).join(" | ") + " |";
    }
    var heads = table.tHead.rows[0].cells;
    var rule = Array.prototype.map.call(heads, function (cell) {
      return cell.classList.contains("number") ? "---:" : "---";
    });
    return [line(cells(table.tHead.rows[0])), "|" + rule.join("|") + "|"]
      .concat(rowsOf(table).map(function (row) { return line(cells(row)); }), [""]).join("\n");
  }

  document.querySelectorAll("[data-copy-table]").forEach(function (button) {
    button.addEventListener("click", function () {
      var table = button.closest("section").querySelector("table");
      copy(button.dataset.copyTable === "latex" ? latex(table) : markdown(table), button);
    });
  });
  window.hpowh.copy = copy;
})();
