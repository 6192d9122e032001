// A link into a fold opens it.
(function () {
  "use strict";

  function open() {
    var target = location.hash.length > 1 ? document.getElementById(decodeURIComponent(location.hash.slice(1))) : null;
    if (!target) return;
    var fold = target.closest("details");
    if (!fold) return;
    while (fold) {
      fold.open = true;
      fold = fold.parentElement.closest("details");
    }
    target.scrollIntoView();
  }

  window.addEventListener("hashchange", open);
  open();
})();
