// Sets light or dark before the first paint: what was chosen here, else what the system prefers.
// Sheets for a room and for print are always light.
(function () {
  "use strict";
  var chosen = null;
  try { chosen = localStorage.getItem("jx-theme"); } catch (error) { chosen = null; }
  var dark = chosen ? chosen === "dark" : matchMedia("(prefers-color-scheme: dark)").matches;
  if (document.documentElement.hasAttribute("data-always-light")) { dark = false; }
  document.documentElement.setAttribute("data-bs-theme", dark ? "dark" : "light");
  document.documentElement.classList.add("jx-js");
})();
