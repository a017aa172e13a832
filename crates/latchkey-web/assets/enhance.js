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

  // A form is sent once, however often its button is pressed: a second time would call off what the first one began.
  const sent = new WeakMap();
  document.addEventListener("submit", (event) => {
    if (event.defaultPrevented) return;
    if (event.timeStamp - sent.get(event.target) < 2000) event.preventDefault();
    else sent.set(event.target, event.timeStamp);
  });

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

  // The guided walk hears what happens while it is in sight. Only what changed is exchanged, so that nobody loses their place,
  // and the newest message stays in sight unless somebody scrolled back.
  const walk = document.querySelector("[data-events]");
  const told = (item) => item.className + item.textContent;
  const exchange = (list, fresh) => {
    [...list.children].forEach((old) => { if (![...fresh.children].some((one) => one.id === old.id)) old.remove(); });
    [...fresh.children].forEach((item) => {
      const old = document.getElementById(item.id);
      if (!old) return list.append(item);
      if (told(old) === told(item)) return;
      const focused = old.contains(document.activeElement);
      old.replaceWith(item);
      if (focused) (item.querySelector("a, summary") || document.body).focus();
    });
  };
  if (walk && window.EventSource) {
    const wire = walk.querySelector("[data-follow]");
    const farthest = () => Math.max(0, wire.scrollHeight - wire.clientHeight);
    let source, again;
    const listen = () => {
      clearTimeout(again);
      if (source) source.close();
      source = null;
      if (document.visibilityState !== "visible") return;
      source = new EventSource(walk.dataset.events);
      source.addEventListener("walk", (event) => {
        const fresh = new DOMParser().parseFromString(event.data, "text/html");
        const follows = wire.scrollTop >= farthest() - 2;
        all("[data-live]", walk).forEach((list) => exchange(list, fresh.getElementById(list.id)));
        if (follows) wire.scrollTop = farthest();
      });
      // A browser comes back by itself, unless it was turned away.
      source.addEventListener("error", () => {
        if (source && source.readyState === EventSource.CLOSED) again = setTimeout(listen, 5000);
      });
    };
    listen();
    document.addEventListener("visibilitychange", listen);
  }

  // An answer that is on its way to the app that asked.
  const onward = document.querySelector("form[data-submit]");
  if (onward) HTMLFormElement.prototype.submit.call(onward);

  const summary = document.getElementById("error-summary");
  if (summary) summary.focus();
})();
