// Single keys for whoever does not reach for the mouse. Never while somebody types, never with a modifier; and
// there is a switch, since speech input hits single keys by chance (WCAG 2.1.4).
"use strict";

(function () {
  const help = document.getElementById("help");
  if (!help) return; // nobody is signed in
  const toast = document.querySelector(".toast");
  const ROWS = "main tbody tr, main ul.plain > li";
  const PATIENCE = 1500; // ms between the two keys of a sequence
  let off = kept();
  let begun = 0; // the timer of a sequence whose first key was pressed
  let quiet = 0;

  function kept() { try { return localStorage.getItem("keys") === "off"; } catch { return false; } }

  function say(words) {
    toast.textContent = words;
    clearTimeout(quiet);
    quiet = setTimeout(() => { toast.textContent = ""; }, 5000);
  }

  function rows() {
    return [...document.querySelectorAll(ROWS)]
      .filter((one) => one.querySelector("a[href], button") && !one.closest("nav") && one.checkVisibility());
  }

  const chosen = () => document.activeElement?.closest(ROWS);

  function walk(step) {
    const all = rows();
    if (!all.length) { say("There are no rows on this page."); return; }
    const from = all.indexOf(chosen());
    const to = from < 0 ? (step > 0 ? 0 : all.length - 1) : Math.min(Math.max(from + step, 0), all.length - 1);
    choose(all[to]);
  }

  function choose(row, how) {
    row.tabIndex = -1;
    row.focus(how);
  }

  function acknowledge() {
    const buttons = 'form[action$="/acknowledge"] button';
    const button = chosen()?.querySelector(buttons);
    if (button) button.click();
    else if (!document.querySelector("main " + buttons)) say("Nothing on this page waits to be acknowledged.");
    else say("Go to the page first, with j and k.");
  }

  function search() {
    const field = [...document.querySelectorAll("main input[type=search], main form[method=get] input:not([type=hidden])")]
      .find((one) => one.checkVisibility());
    if (field) { field.focus(); field.select(); } else self.standfastPalette?.open();
  }

  const deeds = {
    g: () => { begun = setTimeout(() => { begun = 0; }, PATIENCE); },
    j: () => walk(1), k: () => walk(-1), a: acknowledge, "/": search, "?": () => help.showModal(),
  };

  function follow(key) {
    clearTimeout(begun);
    begun = 0;
    const link = document.querySelector(`nav.main a[data-go="${CSS.escape(key)}"]`);
    if (link) location.href = link.href;
  }

  addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.altKey || event.metaKey || event.isComposing || event.defaultPrevented) return;
    const at = event.target;
    if (event.key === "Enter" && at.matches?.(ROWS)) { at.querySelector("a[href]")?.click(); return; }
    if (off || event.key.length > 1 || document.querySelector("dialog[open]")) return;
    if (at.closest?.("input:not([type=checkbox]), textarea, select") || at.isContentEditable) return;
    if (event.repeat && !"jk".includes(event.key)) return;
    const deed = begun ? follow : Object.hasOwn(deeds, event.key) && deeds[event.key];
    if (!deed) return;
    event.preventDefault();
    deed(event.key);
  });

  // The page asks for itself again while somebody stands on a row: they find themselves on the same one.
  const sign = (row) => ["a[href]", "form"].map((what) => row.querySelector(what))
    .map((one) => one?.getAttribute("href") ?? one?.getAttribute("action")).join(" ");

  function place() {
    const row = document.activeElement;
    return row?.matches(ROWS) ? { sign: sign(row), turn: rows().indexOf(row) } : null;
  }

  function back(was) {
    const all = rows();
    const same = all[was.turn] && sign(all[was.turn]) === was.sign ? all[was.turn] : all.find((row) => sign(row) === was.sign);
    if (same) choose(same, { preventScroll: true });
  }

  function turn(on) {
    off = !on;
    for (const box of document.querySelectorAll(".key-switch input")) box.checked = on;
  }

  for (const line of document.querySelectorAll(".key-switch")) {
    line.hidden = false;
    line.querySelector("input").addEventListener("change", (event) => {
      turn(event.target.checked);
      try { localStorage.setItem("keys", off ? "off" : "on"); } catch { /* a private window keeps none */ }
    });
  }
  addEventListener("storage", () => turn(!kept())); // another tab of ours changed it
  turn(!off);
  self.standfastKeys = { place, back };
})();
