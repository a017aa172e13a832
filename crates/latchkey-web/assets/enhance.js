// Latchkey works without this file. With it, forms help a little more.
"use strict";
(() => {
  const all = (selector, root = document) => [...root.querySelectorAll(selector)];

  // Buttons that give something away wait until the page has been in view for half a second, so that a click meant
  // for whatever was there before does not land on them.
  const guarded = all("[data-guarded]");
  let timer = 0;
  const guard = () => {
    clearTimeout(timer);
    guarded.forEach((button) => { button.disabled = true; });
    if (document.visibilityState !== "visible") return;
    timer = setTimeout(() => guarded.forEach((button) => { button.disabled = false; }), 500);
  };
  if (guarded.length) {
    guard();
    document.addEventListener("visibilitychange", guard);
    addEventListener("pageshow", (event) => { if (event.persisted) guard(); });
  }

  // A parent box follows its children, children follow their parent. A project may stay without any repository.
  const boxOf = (branch) => branch.querySelector(":scope > .check > input[type=checkbox]");
  const settle = (branch) => {
    const children = all("[data-branch]", branch).filter((one) => one.parentElement.closest("[data-branch]") === branch);
    children.forEach(settle);
    const box = boxOf(branch);
    const boxes = children.map(boxOf).filter((one) => one && !one.disabled);
    if (!box || box.disabled || boxes.length === 0) return;
    const ticked = boxes.filter((one) => one.checked).length;
    const partly = boxes.some((one) => one.indeterminate);
    box.checked = ticked > 0 || (box.checked && branch.dataset.branch === "project");
    box.indeterminate = box.checked && (ticked < boxes.length || partly);
  };
  const tree = document.querySelector("[data-tree]");
  if (tree) {
    const roots = all("[data-branch]", tree).filter((one) => !one.parentElement.closest("[data-branch]"));
    tree.addEventListener("change", (event) => {
      const branch = event.target.closest("[data-branch]");
      if (branch && boxOf(branch) === event.target) {
        all("[data-branch] input[type=checkbox]:not(:disabled)", branch).forEach((box) => {
          box.checked = event.target.checked;
        });
      }
      roots.forEach(settle);
    });
    roots.forEach(settle);
  }

  // Redirect URIs are checked while they are typed. The server decides; this only shows what it says.
  const check = document.querySelector("[data-check]");
  if (check) {
    const report = document.getElementById(check.dataset.report);
    const known = new Map();
    let pending = 0;
    const ask = async (kind, uri) => {
      const key = kind + " " + uri;
      if (!known.has(key)) {
        const query = new URLSearchParams({ kind, uri });
        const answer = await fetch(check.dataset.check + "?" + query, { headers: { accept: "application/json" } });
        if (!answer.ok) return null;
        known.set(key, await answer.json());
      }
      return known.get(key);
    };
    const show = async () => {
      const kind = (document.querySelector("[name=kind]:checked, input[type=hidden][name=kind]") || {}).value || "web";
      const lines = check.value.split("\n").map((line) => line.trim()).filter(Boolean).slice(0, 20);
      const answers = await Promise.all(lines.map((uri) => ask(kind, uri).catch(() => null)));
      report.replaceChildren(...answers.map((answer, at) => {
        const item = document.createElement("li");
        if (!answer) return item;
        item.className = answer.ok ? "" : "wrong";
        item.textContent = (answer.ok ? "✓ " : "✗ ") + lines[at] + (answer.reason ? ": " + answer.reason : "");
        return item;
      }));
    };
    const soon = () => { clearTimeout(pending); pending = setTimeout(show, 350); };
    check.addEventListener("input", soon);
    all("[name=kind]").forEach((one) => one.addEventListener("change", soon));
  }

  // Time that is left, counted down.
  const left = (seconds) => {
    if (seconds >= 172800) return Math.round(seconds / 86400) + " days";
    if (seconds >= 3600) return Math.floor(seconds / 3600) + " h " + Math.floor(seconds % 3600 / 60) + " min";
    if (seconds >= 60) return Math.floor(seconds / 60) + " min " + seconds % 60 + " s";
    return seconds + (seconds === 1 ? " second" : " seconds");
  };
  const started = performance.now();
  const clocks = all("[data-countdown]").map((element) => [element, Number(element.dataset.countdown)]);
  if (clocks.length) {
    const tick = () => {
      const passed = Math.floor((performance.now() - started) / 1000);
      clocks.forEach(([element, seconds]) => {
        element.textContent = seconds > passed ? left(seconds - passed) : element.dataset.over || "now";
      });
    };
    setInterval(tick, 1000);
  }

  // Copy buttons exist only where they can work.
  const offerCopies = () => {
    if (navigator.clipboard) all("[data-copy]").forEach((button) => { button.hidden = false; });
  };
  offerCopies();
  addEventListener("click", async (event) => {
    const button = event.target.closest("[data-copy]");
    if (!button || button.dataset.copied) return;
    await navigator.clipboard.writeText(document.getElementById(button.dataset.copy).textContent.trim());
    const name = [...button.childNodes];
    button.dataset.copied = "yes";
    button.replaceChildren("Copied");
    setTimeout(() => { button.replaceChildren(...name); delete button.dataset.copied; }, 2000);
  });

  // The guided walk keeps itself up to date, and the newest message in sight unless somebody scrolled back.
  const live = document.querySelector("[data-live]");
  const farthest = (walk) => {
    const wire = walk.querySelector("[data-follow]");
    return wire ? Math.max(0, wire.scrollHeight - wire.clientHeight) : 0;
  };
  if (live) {
    setInterval(async () => {
      if (document.visibilityState !== "visible" || live.contains(document.activeElement)) return;
      const answer = await fetch(location.href).catch(() => null);
      if (!answer || !answer.ok) return;
      const fresh = new DOMParser().parseFromString(await answer.text(), "text/html").querySelector("[data-live]");
      if (!fresh || fresh.textContent === live.dataset.seen) return;
      const open = new Set(all("details[open]", live).map((one) => one.id));
      live.dataset.seen = fresh.textContent;
      const scrolled = (live.querySelector("[data-follow]") || {}).scrollTop || 0;
      const follows = scrolled >= farthest(live) - 2;
      live.replaceChildren(...fresh.childNodes);
      all("details", live).forEach((one) => { one.open = one.open || open.has(one.id); });
      offerCopies();
      const wire = live.querySelector("[data-follow]");
      if (wire) wire.scrollTop = follows ? farthest(live) : scrolled;
    }, 2000);
  }

  // An answer that is on its way to the app that asked.
  const onward = document.querySelector("form[data-submit]");
  if (onward) HTMLFormElement.prototype.submit.call(onward);

  const summary = document.getElementById("error-summary");
  if (summary) summary.focus();
})();
