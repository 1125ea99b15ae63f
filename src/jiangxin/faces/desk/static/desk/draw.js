// The party's secret is made in its own browser; only the commitment leaves it before the sealing.
// commitment = SHA-256("jiangxin-draw/v1 commitment\n" + canonical JSON of party, secret, session)
(function () {
  "use strict";
  const BITS = 256;
  const hex = (bytes) => Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
  const keep = (box) => "jiangxin-draw:" + box.dataset.session + ":" + box.dataset.party;
  let making = false;

  const commitment = async (party, session, secret) => {
    const body = JSON.stringify({ party: party, secret: secret, session: session });
    const bytes = new TextEncoder().encode("jiangxin-draw/v1 commitment\n" + body);
    return hex(new Uint8Array(await crypto.subtle.digest("SHA-256", bytes)));
  };

  document.querySelectorAll("[data-secret]").forEach((box) => {
    if (!window.crypto || !crypto.subtle) { return; }
    const form = box.querySelector("[data-commit]");
    const make = box.querySelector("[data-make]");
    form.hidden = false;
    box.querySelector("[data-hide-with-secret]").hidden = true;
    make.addEventListener("click", async () => {
      making = true;
      const secret = hex(crypto.getRandomValues(new Uint8Array(BITS / 8)));
      form.elements.commitment.value = await commitment(box.dataset.party, box.dataset.session, secret);
      try { localStorage.setItem(keep(box), secret); } catch (error) { /* private window: copied by hand */ }
      box.querySelector("[data-shown]").textContent = secret;
      box.querySelector("[data-made]").hidden = false;
      make.hidden = true;
    });
  });

  document.querySelectorAll("[data-reveal]").forEach((box) => {
    const input = box.querySelector("input[name=secret]");
    try {
      if (!input.value) { input.value = localStorage.getItem(keep(box)) || ""; }
    } catch (error) { return; }
  });

  // The other parties' steps appear by themselves, unless somebody is in the middle of something here.
  const watch = document.querySelector("[data-watch]");
  if (watch) {
    let touched = false;
    document.addEventListener("input", () => { touched = true; });
    setInterval(async () => {
      if (document.hidden || making || touched || document.querySelector(".jx-own[role=alert]")) { return; }
      try {
        const answer = await fetch(watch.dataset.watch, { headers: { Accept: "application/json" } });
        if (answer.ok && (await answer.json()).version !== watch.dataset.version) {
          location.replace(location.pathname);
        }
      } catch (error) { return; }
    }, 4000);
  }
})();
