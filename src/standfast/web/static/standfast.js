// Live pages without a framework: the server says "something changed", the page asks for itself again
// and takes over what lies inside [data-live]. Without scripts every page works; it just stands still.
"use strict";

(function () {
  const sign = document.querySelector(".live");
  const live = document.querySelector("[data-live]");

  function say(state, words) {
    if (!sign) return;
    sign.dataset.state = state;
    sign.textContent = words;
  }

  function busy() {
    // Somebody is writing or reading something unfolded: do not take it out of their hands.
    const at = document.activeElement;
    if (at && live.contains(at) && /^(INPUT|TEXTAREA|SELECT)$/.test(at.tagName)) return true;
    const chosen = (s) => s.selectedIndex !== Math.max(0, [...s.options].findIndex((o) => o.defaultSelected));
    if ([...live.querySelectorAll("select")].some(chosen)) return true;
    return [...live.querySelectorAll("input, textarea")].some((e) => e.type !== "hidden" && e.value !== e.defaultValue);
  }

  // Whoever goes by the keyboard stays where they are while the page changes under them.
  const reachable = () => [...live.querySelectorAll("a[href], button, summary, input, select, textarea, .scroll[tabindex]")];

  function key(e) {
    if (e.id) return "#" + e.id;
    if (e.tagName === "SUMMARY") return "in " + e.parentElement.id;
    return e.tagName + " " + (e.getAttribute("href") || (e.form?.getAttribute("action") ?? "") + " " + (e.getAttribute("aria-label") || e.name || e.textContent));
  }

  function focused() {
    const at = document.activeElement;
    if (!at || !live.contains(at)) return null;
    return { key: key(at), turn: reachable().filter((e) => key(e) === key(at)).indexOf(at) };
  }

  let asking = false;
  let again = false;
  let pause = 250;

  async function refresh() {
    if (asking) { again = true; return; }
    asking = true;
    try {
      const answer = await fetch(location.href, { headers: { "X-Live": "1" }, credentials: "same-origin" });
      if (answer.redirected || !answer.ok) { say("stale", "not live: sign in again"); return; }
      const next = new DOMParser().parseFromString(await answer.text(), "text/html").querySelector("[data-live]");
      const plots = self.standfastPlots;
      if (next && plots?.hovering()) {
        // Somebody reads a chart: it grows under the pointer, the rest of the page waits until they look away.
        plots.refresh(next);
        again = true;
        pause = 1000;
      } else if (next && !busy()) {
        plots?.keep(next);
        const row = self.standfastKeys?.place();
        const open = new Set([...live.querySelectorAll("details[open]")].map((d) => d.id).filter(Boolean));
        const at = focused();
        live.replaceChildren(...next.childNodes);
        for (const id of open) document.getElementById(id)?.setAttribute("open", "");
        scrollable();
        if (at) reachable().filter((e) => key(e) === at.key)[at.turn]?.focus({ preventScroll: true });
        if (row) self.standfastKeys.back(row);
        localTimes(live);
        plots?.begin();
        find();
      }
      say("live", "live");
    } catch { say("stale", "not live since " + new Date().toLocaleTimeString()); }
    finally {
      asking = false;
      if (again) { again = false; setTimeout(refresh, pause); pause = 250; }
    }
  }

  function localTimes(root) {
    for (const t of root.querySelectorAll("time[datetime]")) {
      const when = new Date(t.dateTime);
      if (isNaN(when)) continue;
      t.title = t.dateTime + " (UTC)";
      const form = t.dataset.form === "clock"
        ? { hour: "2-digit", minute: "2-digit", second: "2-digit", hour12: false }
        : { month: "short", day: "numeric", hour: "2-digit", minute: "2-digit", hour12: false };
      t.textContent = when.toLocaleString(undefined, form);
    }
  }

  // What is wider than its place is scrolled by the arrow keys, too, once one can stand on it.
  function scrollable() {
    for (const one of document.querySelectorAll(".scroll:not([role]), .scroll[data-wide]")) {
      if (one.scrollWidth > one.clientWidth) {
        one.tabIndex = 0;
        one.setAttribute("role", "group");
        one.setAttribute("aria-label", one.querySelector("caption")?.textContent || "Table");
        one.dataset.wide = "";
      } else if ("wide" in one.dataset) {
        for (const name of ["tabindex", "role", "aria-label", "data-wide"]) one.removeAttribute(name);
      }
    }
  }

  function zone() {
    const said = document.querySelector("footer .zone");
    if (!said) return;
    const mine = Intl.DateTimeFormat().resolvedOptions().timeZone;
    said.textContent = mine === "UTC" ? "Times are UTC." : "Times are of " + mine + "; point at one for UTC.";
  }

  // A link to "why this number" opens what it leads to.
  function unfold() {
    const at = location.hash && document.getElementById(decodeURIComponent(location.hash.slice(1)));
    if (at?.tagName === "DETAILS") { at.setAttribute("open", ""); at.scrollIntoView({ block: "center" }); at.querySelector("summary")?.focus({ preventScroll: true }); }
  }

  function find() {
    const field = document.getElementById("find");
    if (!field) return;
    const look = () => {
      const words = field.value.toLowerCase().split(/\s+/).filter(Boolean);
      document.querySelectorAll(field.dataset.finds).forEach((one) => {
        one.hidden = !words.every((word) => one.dataset.find.toLowerCase().includes(word));
      });
      if (words.length) for (const fold of document.querySelectorAll("#well")) fold.setAttribute("open", "");
    };
    field.addEventListener("input", look);
    look();
  }

  function listen() {
    let heard = Date.now();
    const stream = new EventSource("/live");
    const alive = () => { heard = Date.now(); say("live", "live"); };
    stream.addEventListener("beat", alive);
    stream.addEventListener("changed", () => { alive(); refresh(); });
    stream.onerror = () => say("stale", "not live since " + new Date(heard).toLocaleTimeString());
    setInterval(() => {
      if (Date.now() - heard > 20000) say("stale", "not live since " + new Date(heard).toLocaleTimeString());
    }, 5000);
  }

  function theme() {
    const button = document.getElementById("theme");
    if (!button) return;
    const root = document.documentElement;
    const tell = () => {
      const now = root.dataset.theme || "system";
      button.textContent = { system: "◐", light: "☀", dark: "☾" }[now];
      button.title = { system: "Colours as the system has them", light: "Light colours", dark: "Dark colours" }[now];
      button.setAttribute("aria-label", button.title);
    };
    button.hidden = false;
    button.addEventListener("click", () => {
      // From the system's colours first to the others: a click that changes nothing looks broken.
      const others = matchMedia("(prefers-color-scheme: dark)").matches ? ["light", "dark"] : ["dark", "light"];
      const next = others[root.dataset.theme ? others.indexOf(root.dataset.theme) + 1 : 0];
      if (next) root.dataset.theme = next; else delete root.dataset.theme;
      try { if (next) localStorage.setItem("theme", next); else localStorage.removeItem("theme"); } catch { /* a private window keeps none */ }
      tell();
    });
    tell();
  }

  // The clipboard's interface is there over HTTPS only; the older command copies what is selected anywhere.
  async function copy(line) {
    getSelection().selectAllChildren(line);
    try { await navigator.clipboard.writeText(line.textContent); return true; } catch { return document.execCommand("copy"); }
  }

  function copies() {
    const said = document.querySelector(".copied");
    for (const button of document.querySelectorAll("[data-copies]")) {
      button.hidden = false;
      button.addEventListener("click", async () => {
        said.textContent = "";
        const done = await copy(document.getElementById(button.dataset.copies));
        said.textContent = done ? "Copied." : "The browser does not let us copy; the line is selected.";
      });
    }
  }

  localTimes(document);
  zone();
  scrollable();
  addEventListener("resize", scrollable);
  addEventListener("toggle", scrollable, true); // what was folded away had no width
  addEventListener("load", () => setTimeout(unfold)); // after the browser went to the fragment itself
  addEventListener("hashchange", unfold);
  find();
  theme();
  copies();
  if (live && sign) listen();
})();
