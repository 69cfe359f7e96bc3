// Before the first paint, so that nobody is flashed with the wrong colours.
try { const t = localStorage.getItem("theme"); if (t) document.documentElement.dataset.theme = t; } catch { /* none kept */ }
