// Evidence: several files at once, in pieces (tus 1.0.0), going on where a broken line left off.
// Without this script the form's own button sends the files.
(function () {
  "use strict";
  const PIECE = 512 * 1024, AT_ONCE = 2, NEW = "/workspace/uploads/";
  const form = document.querySelector("form[data-draft]");
  if (!form) { return; }
  const headers = (more) => Object.assign({
    "X-CSRFToken": form.elements.csrfmiddlewaretoken.value, Accept: "application/json", "Tus-Resumable": "1.0.0",
  }, more);
  const pause = (time) => new Promise((done) => { setTimeout(done, time); });
  const refused = async (answer) => {
    const told = await answer.json().catch(() => ({}));
    if (told.token) { form.elements.csrfmiddlewaretoken.value = told.token; return new Error("again"); }
    const error = new Error((told.message || "没有传上。") + (told.remedy || ""));
    error.final = answer.status !== 401 && answer.status < 500;
    return error;
  };
  const memory = {
    key: (file, at) => "jx-upload:" + [form.dataset.owner, at, file.name, file.size, file.lastModified].join(":"),
    get: (name) => { try { return localStorage.getItem(name); } catch (error) { return null; } },
    set: (name, value) => { try { localStorage.setItem(name, value); } catch (error) { return; } },
    drop: (name) => { try { localStorage.removeItem(name); } catch (error) { return; } },
  };

  // Where the file's pieces go, and how many bytes are there already.
  const begin = async (file, known) => {
    if (known) {
      const answer = await fetch(known, { method: "HEAD", headers: headers() });
      if (answer.ok) { return [known, Number(answer.headers.get("Upload-Offset"))]; }
      if (answer.status !== 404) { throw await refused(answer); }
    }
    const bytes = new TextEncoder().encode(file.name);
    const name = btoa(Array.from(bytes, (byte) => String.fromCharCode(byte)).join(""));
    const answer = await fetch(NEW, {
      method: "POST", headers: headers({ "Upload-Length": String(file.size), "Upload-Metadata": "filename " + name }),
    });
    if (!answer.ok) { throw await refused(answer); }
    return [answer.headers.get("Location"), 0];
  };
  const send = async (file, block, replaces, show) => {
    const place = memory.key(file, block.dataset.evidence);
    let [address, offset] = await begin(file, memory.get(place));
    memory.set(place, address);
    while (offset < file.size) {
      show(offset / file.size);
      const answer = await fetch(address, {
        method: "PATCH", body: file.slice(offset, offset + PIECE),
        headers: headers({ "Content-Type": "application/offset+octet-stream", "Upload-Offset": String(offset) }),
      });
      if (!answer.ok && answer.status !== 409) { throw await refused(answer); }
      if (answer.ok) { offset = Number(answer.headers.get("Upload-Offset")); continue; }
      [address, offset] = await begin(file, address);
    }
    show(1);
    const body = new FormData();
    body.set("token", address.split("/").filter(Boolean).pop());
    if (replaces) { body.set("replaces", replaces); }
    const answer = await fetch(block.dataset.evidence, { method: "POST", body, headers: headers() });
    if (answer.ok) {
      memory.drop(place);
      block.querySelector("[data-held]").innerHTML = await answer.text();
      document.body.dispatchEvent(new Event("jx-saved"));
      return;
    }
    const error = await refused(answer);
    if (error.final) { memory.drop(place); }
    throw error;
  };

  // --- one line for each file on its way ----------------------------------------------------------
  const line = (file, block) => {
    const item = document.createElement("li"), words = document.createElement("span");
    const bar = document.createElement("progress");
    words.textContent = file.name;
    bar.max = 1;
    bar.value = 0;
    bar.setAttribute("aria-label", file.name);
    item.append(words, bar);
    block.querySelector("[data-arriving]").append(item);
    return { item, words, bar };
  };
  const waiting = [];
  let busy = 0;
  const work = async () => {
    if (busy >= AT_ONCE || !waiting.length) { return; }
    const [file, block, replaces, seen] = waiting.shift();
    busy += 1;
    for (let tries = 0; ; tries += 1) {
      try {
        seen.words.textContent = file.name + " 正在上传";
        await send(file, block, replaces, (part) => { seen.bar.value = part; });
        seen.item.remove();
        break;
      } catch (error) {
        if (error.final) {
          seen.words.textContent = error.message;
          seen.words.className = "jx-text-red";
          seen.item.dataset.refused = "";
          seen.bar.remove();
          break;
        }
        if (error.message !== "again") {
          seen.words.textContent = file.name + " 连接中断，稍后接着传";
          await pause(Math.min(2000 * (tries + 1), 15000));
        }
      }
    }
    busy -= 1;
    if (!busy && !waiting.length) {
      delete form.dataset.arriving;
      form.dispatchEvent(new Event("jx-arrived"));
    }
    work();
  };
  const start = (input, replaces) => {
    const block = input.closest("[data-evidence]");
    Array.from(input.files).forEach((file, place) => {
      waiting.push([file, block, place ? "" : replaces, line(file, block)]);
    });
    input.value = "";
    if (waiting.length) { form.dataset.arriving = "1"; }
    for (let count = 0; count < AT_ONCE; count += 1) { work(); }
  };
  let replaced = "";
  form.addEventListener("change", (event) => {
    if (event.target.type === "file") { start(event.target, replaced); replaced = ""; }
  });
  // 替换 opens the chooser; the file that is chosen takes the place of this one.
  form.addEventListener("click", (event) => {
    const button = event.target.closest("button[name=_replace]");
    if (!button) { return; }
    event.preventDefault();
    replaced = button.value;
    button.closest("[data-evidence]").querySelector("input[type=file]").click();
  });
  window.addEventListener("beforeunload", (event) => { if (busy) { event.preventDefault(); } });
})();
