// <form data-autosave="ADDRESS"> of which there is one author: saved a few seconds after the last key.
// The answer is JSON: {saved} or {message} with an error status. Without this script the form works by
// its buttons. The application form, which several fill in at once, has drafting.js.
(function () {
  "use strict";
  document.querySelectorAll("form[data-autosave]").forEach((form) => {
    const WAIT = 3000, AGAIN = 15000;
    const note = form.querySelector("[data-saved]");
    let dirty = false, timer = 0, running = null;
    const say = (text, wrong) => {
      note.textContent = text;
      note.classList.toggle("jx-text-red", Boolean(wrong));
    };
    const later = (wait) => { clearTimeout(timer); timer = setTimeout(save, wait); };
    const send = async () => {
      dirty = false;
      say("正在保存…");
      try {
        const answer = await fetch(form.dataset.autosave, {
          method: "POST", body: new FormData(form), headers: { "X-Autosave": "1", Accept: "application/json" },
        });
        const told = await answer.json();
        if (answer.ok) { say("已保存 " + told.saved); return; }
        say(told.message || "没有保存，请手动暂存。", true);
      } catch (error) {
        say("网络中断，尚未保存；恢复后会自动再试。", true);
        later(AGAIN);
      }
      dirty = true;
    };
    const save = () => {
      running = running || send().finally(() => { running = null; });
      return running;
    };
    form.addEventListener("input", () => { dirty = true; later(WAIT); });
    form.addEventListener("submit", async (event) => {
      clearTimeout(timer);
      if (running) { // what is on its way arrives before what the button sends
        event.preventDefault();
        await running;
        form.requestSubmit(event.submitter);
        return;
      }
      dirty = false;
    });
    window.addEventListener("beforeunload", (event) => { if (dirty) { event.preventDefault(); } });
  });
})();
