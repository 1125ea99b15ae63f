// Sets light or dark before the first paint: what was chosen here, else what the system prefers.
(function () {
  "use strict";
  var chosen = null;
  try { chosen = localStorage.getItem("jx-theme"); } catch (error) { chosen = null; }
  var dark = chosen ? chosen === "dark" : matchMedia("(prefers-color-scheme: dark)").matches;
  document.documentElement.setAttribute("data-bs-theme", dark ? "dark" : "light");
  document.documentElement.classList.add("jx-js");
})();
