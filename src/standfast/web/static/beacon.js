// The beacon: once per load of a page, when it is left, how it felt. No cookie, no address of a page but its
// path, no identity; what the server keeps is one count per vital.
"use strict";

(function () {
  const me = document.currentScript;
  if (!me || !self.webVitals) return;
  const to = new URL("/api/v1/beacon", me.src).href;
  const found = {};
  let sent = false;

  function keep(vital) { found[vital.name] = Math.round(vital.value * 10000) / 10000; }

  function send() {
    if (sent || !Object.keys(found).length) return;
    sent = true;
    const body = JSON.stringify({ path: location.pathname, vitals: found });
    // text/plain: the browser need not ask first; `omit`: no cookie goes with it.
    fetch(to, { method: "POST", body, keepalive: true, credentials: "omit", referrerPolicy: "no-referrer",
      headers: { "content-type": "text/plain" } }).catch(() => {});
  }

  for (const name of ["onLCP", "onINP", "onCLS", "onFCP", "onTTFB"]) self.webVitals[name](keep);
  // The event goes from the document up to the window: the library's own listeners have settled their vitals by then.
  addEventListener("visibilitychange", () => { if (document.visibilityState === "hidden") send(); });
})();
