// A page of the application form: saved every few seconds, and kept in this browser until it is.
//
// What has been typed and is not saved yet lies in localStorage under the account and the address: it
// survives a lost login, a lost connection and a killed browser. It is removed once the server has it,
// and at logout (frame.js). Personal numbers are sent, but never kept here. Without this script the
// form works by its buttons.
(function () {
  "use strict";
  const form = document.querySelector("form[data-draft]");
  if (!form) { return; }
  const WAIT = 3000, AGAIN = 5000;
  const key = "jx-draft:" + form.dataset.owner + ":" + location.pathname;
  const choosing = form.hasAttribute("data-choosing");
  const note = form.querySelector("[data-saved]");
  const all = (selector, root) => Array.from((root || form).querySelectorAll(selector));
  let timer = 0, running = null, leaving = false;

  const say = (text, wrong, link) => {
    note.textContent = text;
    note.classList.toggle("jx-text-red", Boolean(wrong));
    if (link) {
      const anchor = document.createElement("a");
      anchor.href = link + "?next=" + encodeURIComponent(location.pathname);
      anchor.textContent = "重新登录";
      note.append(" ", anchor);
    }
  };

  // --- what stands in the inputs, by field -------------------------------------------------------
  const secret = (name) => all('[name="' + CSS.escape(name) + '"]').some((input) => input.autocomplete === "off");
  const fieldOf = (name) => {
    const table = all("fieldset[data-rows]").find((each) => name.startsWith(each.dataset.rows + "-"));
    return table ? table.dataset.rows : name;
  };
  const read = () => {
    const fields = {};
    for (const [name, value] of new FormData(form)) {
      if (typeof value === "string" && !name.startsWith("_") && name !== "revision" && name !== "csrfmiddlewaretoken") {
        const field = fieldOf(name);
        (fields[field] = fields[field] || []).push([name, value]);
      }
    }
    return fields;
  };
  const differs = (one, other) => {
    const names = new Set([...Object.keys(one), ...Object.keys(other)]);
    return [...names].filter((name) => JSON.stringify(one[name] || []) !== JSON.stringify(other[name] || []));
  };
  let saved = read();
  const changed = () => differs(read(), saved);

  // --- what this browser keeps -------------------------------------------------------------------
  const marks = (text) => Object.fromEntries(text.split(" ").map((word) => word.split(":")));
  const remember = () => {
    const now = read(), fields = changed().filter((field) => !secret(field));
    try {
      if (!fields.length) { localStorage.removeItem(key); return; }
      localStorage.setItem(key, JSON.stringify({
        at: Date.now(), revision: form.elements.revision.value, base: form.elements._base.value,
        fields: fields.map((field) => [field, now[field] || []]),
      }));
    } catch (error) { /* no room, or storage is off: the server's copy is a few seconds old at most */ }
  };
  const put = (pairs, field) => {
    const table = all("fieldset[data-rows]").find((each) => each.dataset.rows === field);
    let names = pairs;
    if (table) {
      const wanted = [...new Set(pairs.map(([name]) => name.slice(field.length + 1).split("-")[0]))];
      const rows = () => all("tbody tr", table);
      while (rows().length < wanted.length) {
        const before = rows().length;
        table.querySelector(".jx-row-add").click();
        if (rows().length === before) { break; }
      }
      while (rows().length > Math.max(1, wanted.length)) { rows().pop().querySelector(".jx-row-remove").click(); }
      const numbers = rows().map((row) => row.dataset.row);
      names = pairs.map(([name, value]) => {
        const [number, ...column] = name.slice(field.length + 1).split("-");
        return [field + "-" + numbers[wanted.indexOf(number)] + "-" + column.join("-"), value];
      });
    }
    const inputs = table ? all("input, textarea, select", table) : all('[name="' + CSS.escape(field) + '"]');
    inputs.forEach((input) => {
      const values = names.filter(([name]) => name === input.name).map(([, value]) => value);
      if (input.type === "checkbox" || input.type === "radio") { input.checked = values.includes(input.value); }
      else if (input.type !== "file" && input.name) { input.value = values[0] || ""; }
    });
  };
  const restore = () => {
    let draft = null;
    try { draft = JSON.parse(localStorage.getItem(key)); } catch (error) { return; }
    if (!draft || choosing) { return; }
    const was = marks(draft.base), here = marks(form.elements._base.value);
    draft.fields.forEach(([field, pairs]) => {
      put(pairs, field);
      here[field] = was[field] || "?"; // the server compares with what stood there when this was typed
    });
    if (!changed().length) { remember(); return; }
    form.elements._base.value = Object.entries(here).map((pair) => pair.join(":")).join(" ");
    form.elements.revision.value = draft.revision;
    all("textarea[data-count]").forEach((area) => area.dispatchEvent(new Event("input")));
    say("已恢复 " + new Date(draft.at).toTimeString().slice(0, 5) + " 没有存上的内容，正在保存…");
    later(500);
  };

  // --- saving ------------------------------------------------------------------------------------
  const later = (wait) => { if (!timer) { timer = setTimeout(() => { timer = 0; save(); }, wait); } };
  const send = async (renewed) => {
    const sent = read(), body = new FormData(form);
    [...body.entries()].forEach(([name, value]) => { if (value instanceof File) { body.delete(name); } });
    say("正在保存…");
    let answer = null, told = {};
    try {
      answer = await fetch(form.dataset.draft, { method: "POST", body, headers: { Accept: "application/json" } });
      told = await answer.json();
    } catch (error) {
      say(answer ? "服务器暂时没有应答，内容已存在本机，稍后自动再试。" : "网络中断，内容已存在本机，恢复后会自动保存。", true);
      later(AGAIN);
      return "waiting";
    }
    if (answer.ok) {
      form.elements.revision.value = told.revision;
      form.elements._base.value = told.base;
      saved = sent;
      remember();
      say("已保存 " + told.saved + (told.merged ? "；" + told.merged : ""));
      document.body.dispatchEvent(new Event("jx-saved"));
      if (changed().length) { later(WAIT); }
      return "saved";
    }
    if (told.token && !renewed) {
      form.elements.csrfmiddlewaretoken.value = told.token;
      return send(true);
    }
    if (answer.status === 401) {
      say("登录已过期，内容已存在本机，登录后会自动保存。", true, told.login);
      later(AGAIN * 2); // perhaps in another window
      return "waiting";
    }
    say(told.message || "没有保存，请按“暂存”。", true);
    return "refused";
  };
  const save = async () => {
    clearTimeout(timer);
    timer = 0;
    if (!running) { running = send(false).finally(() => { running = null; }); }
    return running;
  };

  form.addEventListener("input", (event) => {
    if (event.target.type === "file" || event.target.name.startsWith("_pick-")) { return; }
    remember();
    if (!choosing) { later(WAIT); }
  });
  window.addEventListener("online", () => { if (changed().length && !choosing) { save(); } });
  document.addEventListener("visibilitychange", () => {
    if (document.visibilityState === "hidden" && changed().length && !choosing) { save(); }
  });
  // Every button saves first: a page that the server does not have yet is not left.
  form.addEventListener("submit", async (event) => {
    if (leaving || !(running || choosing || changed().length || form.dataset.arriving)) { return; }
    event.preventDefault();
    const button = event.submitter;
    let state = running ? await running : "saved";
    while (state !== "waiting" && state !== "refused" && (changed().length || choosing)) {
      state = await save();
      if (choosing) { break; }
    }
    if (state === "waiting") { note.scrollIntoView({ block: "nearest" }); return; }
    if (form.dataset.arriving) { // files on their way (uploading.js)
      say("文件还在上传，传完后自动继续…");
      await new Promise((done) => { form.addEventListener("jx-arrived", done, { once: true }); });
      say("");
      if (form.querySelector("[data-refused]")) {
        say("有文件没有传上，见红色说明；仍要离开请再按一次。", true);
        all("[data-refused]").forEach((item) => { item.removeAttribute("data-refused"); });
        return;
      }
    }
    leaving = true;
    form.requestSubmit(button);
  });
  all("[data-discard]").forEach((link) => {
    link.addEventListener("click", () => { try { localStorage.removeItem(key); } catch (error) { return; } });
  });
  restore();
})();
