// Small comforts on pages that work without them. Everything is declared by data attributes.
(function () {
  "use strict";
  const all = (selector, root) => Array.from((root || document).querySelectorAll(selector));
  const typing = (element) => element.closest("input:not([type=checkbox], [type=radio]), textarea, select, [contenteditable]");

  // --- what only makes sense with a script ------------------------------------------------------
  all("[data-print], [data-theme-toggle], [data-check-all]").forEach((element) => { element.hidden = false; });
  all("[data-hide-with-js]").forEach((element) => { element.hidden = true; });
  if (matchMedia("(max-width: 991px)").matches) {
    all("[data-fold-small]").forEach((element) => { element.open = false; });
  }
  const first = document.querySelector("[data-focus]");
  if (first) { first.focus(); }

  document.addEventListener("click", (event) => {
    const target = event.target;
    if (target.closest("[data-print]")) { window.print(); }
    if (target.closest("[data-theme-toggle]")) {
      const dark = document.documentElement.getAttribute("data-bs-theme") !== "dark";
      document.documentElement.setAttribute("data-bs-theme", dark ? "dark" : "light");
      try { localStorage.setItem("jx-theme", dark ? "dark" : "light"); } catch (error) { return; }
    }
    all("details.jx-menu[open], details.jx-clause[open]").forEach((menu) => {
      if (!menu.contains(target)) { menu.open = false; }
    });
  });
  document.addEventListener("change", (event) => {
    if (event.target.matches("[data-submit-on-change]")) { event.target.form.requestSubmit(); }
  });

  // --- lists: selection and keys -----------------------------------------------------------------
  all("form[data-selection]").forEach((form) => {
    const boxes = all("input[name=ids]", form);
    const every = form.querySelector("[data-check-all]");
    const words = form.querySelector("[data-selected-count]");
    const usual = words.textContent;
    const show = () => {
      const count = boxes.filter((box) => box.checked).length;
      words.textContent = count ? "已选 " + count + " 项：" : usual;
      all(".jx-selection button", form).forEach((button) => { button.disabled = !count; });
      if (every) {
        every.checked = count > 0 && count === boxes.length;
        every.indeterminate = count > 0 && count < boxes.length;
      }
    };
    if (every) { every.addEventListener("change", () => { boxes.forEach((box) => { box.checked = every.checked; }); show(); }); }
    boxes.forEach((box) => box.addEventListener("change", show));
    show();
  });

  // A step is a row of a list, or one of several blocks on a page ([data-step]); a control in it with
  // data-step-key answers to that key while it is the current one.
  const STEPS = "table[data-list] tbody tr, [data-step]";
  let current = -1;
  const move = (step) => {
    const rows = all(STEPS);
    if (!rows.length) { return; }
    current = Math.max(0, Math.min(rows.length - 1, current + step));
    rows.forEach((row, place) => row.classList.toggle("jx-current", place === current));
    const link = rows[current].querySelector("a, button, summary");
    if (link) { link.focus({ preventScroll: true }); }
    rows[current].scrollIntoView({ block: "nearest" });
  };
  document.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey) { return; }
    if (event.key === "Escape") {
      all("details.jx-menu[open], details.jx-clause[open]").forEach((menu) => { menu.open = false; });
      return;
    }
    if (typing(event.target)) { return; }
    if (event.key === "j") { move(1); return; }
    if (event.key === "k") { move(-1); return; }
    if (event.key === "x" && current >= 0) {
      const box = all("table[data-list] tbody tr")[current].querySelector("input[name=ids]");
      if (box) { box.click(); }
      return;
    }
    const step = current >= 0 ? all(STEPS)[current] : null;
    const own = step && step.querySelector('[data-step-key="' + CSS.escape(event.key) + '"]');
    if (own) {
      event.preventDefault();
      if (own.matches("textarea")) { own.focus(); } else { own.click(); }
      return;
    }
    const keyed = document.querySelector('[data-key="' + CSS.escape(event.key) + '"]');
    if (keyed) {
      event.preventDefault();
      if (keyed.matches("input")) { keyed.focus(); keyed.select(); } else { keyed.click(); }
    }
  });

  document.addEventListener("htmx:afterSettle", () => {
    all(STEPS).forEach((row, place) => row.classList.toggle("jx-current", place === current));
  });

  // --- tables in forms: rows ---------------------------------------------------------------------
  const renumber = (body) => {
    all("tr", body).forEach((row, place) => { row.querySelector(".jx-row-number").textContent = place + 1; });
  };
  const replaceNumber = (row, key, from, to) => {
    const before = key + "-" + from + "-", after = key + "-" + to + "-";
    all("*", row).forEach((element) => {
      ["id", "name", "aria-describedby"].forEach((name) => {
        const value = element.getAttribute(name);
        if (value && value.includes(before)) { element.setAttribute(name, value.replace(before, after)); }
      });
    });
    const remove = row.querySelector("[name=_remove]");
    if (remove) { remove.value = key + "-" + to; }
    row.dataset.row = to;
  };
  const clear = (row) => {
    all("input, textarea, select", row).forEach((input) => {
      if (input.type === "checkbox" || input.type === "radio") { input.checked = false; } else { input.value = ""; }
      input.classList.remove("is-invalid");
      input.removeAttribute("aria-invalid");
    });
    all(".jx-wrong", row).forEach((note) => note.remove());
  };
  all("fieldset[data-rows]").forEach((table) => {
    const key = table.dataset.rows, body = table.querySelector("tbody");
    table.addEventListener("click", (event) => {
      const add = event.target.closest(".jx-row-add"), remove = event.target.closest(".jx-row-remove");
      if (add) {
        event.preventDefault();
        const rows = all("tr", body);
        if (rows.length >= Number(table.dataset.max)) { add.title = "最多 " + table.dataset.max + " 行"; return; }
        const copy = rows[rows.length - 1].cloneNode(true);
        const next = Math.max.apply(null, rows.map((row) => Number(row.dataset.row))) + 1;
        replaceNumber(copy, key, copy.dataset.row, next);
        clear(copy);
        body.append(copy);
        renumber(body);
        const input = copy.querySelector("input, textarea, select");
        if (input) { input.focus(); }
      }
      if (remove) {
        event.preventDefault();
        const row = remove.closest("tr");
        if (all("tr", body).length > 1) { row.remove(); } else { clear(row); }
        renumber(body);
        body.dispatchEvent(new Event("input", { bubbles: true }));
      }
    });
  });

  // --- longer texts: how much is left ------------------------------------------------------------
  all("textarea[data-count]").forEach((area) => {
    const note = document.createElement("small");
    note.className = "jx-count-note";
    area.after(note);
    const show = () => { note.textContent = area.value.length + " / " + area.maxLength + " 字"; };
    area.addEventListener("input", show);
    show();
  });

  // --- forms: nothing typed is lost --------------------------------------------------------------
  // <form data-guard> warns before leaving.
  // <form data-once>: a second click sends nothing (the server would find the first one's answer anyway).
  all("form[data-once]").forEach((form) => {
    form.addEventListener("submit", (event) => {
      if (form.dataset.sent) { event.preventDefault(); }
      form.dataset.sent = "1";
    });
  });

  all("form[data-guard]").forEach((form) => {
    let dirty = false;
    form.addEventListener("input", () => { dirty = true; });
    form.addEventListener("submit", () => { dirty = false; });
    window.addEventListener("beforeunload", (event) => { if (dirty) { event.preventDefault(); } });
  });

  // --- logout: nothing of this person stays in the browser (workspace/drafting.js, uploading.js) ---
  all("form[data-forget]").forEach((form) => {
    form.addEventListener("submit", () => {
      try {
        Object.keys(localStorage).filter((key) => /^jx-(draft|upload):/.test(key))
          .forEach((key) => localStorage.removeItem(key));
      } catch (error) { return; }
    });
  });
})();
