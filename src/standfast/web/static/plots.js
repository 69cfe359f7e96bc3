// Charts that one hovers: uPlot in place of the drawing that the server sent, which stays for those without it.
"use strict";

(function () {
  if (!self.uPlot) return;
  const mounted = new Map(); // id of the figure -> what is drawn there
  const HEIGHT = 170;
  const STEPS = [1, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 10800, 21600, 43200, 86400, 172800, 604800, 1209600, 2592000, 7776000]; // seconds: no label twice

  const colour = (name) => getComputedStyle(document.documentElement).getPropertyValue(name).trim();

  function figure(value, unit) {
    if (value == null) return "no data";
    const size = Math.abs(value);
    const text = size >= 1000 ? Math.round(value).toLocaleString("en")
      : size >= 100 ? value.toFixed(0) : size < 0.0005 ? "0" : String(Number(value.toPrecision(3)));
    return text + unit;
  }

  function clock(seconds, span) {
    const form = span > 2 * 86400 ? { month: "short", day: "numeric" }
      : { hour: "2-digit", minute: "2-digit", hour12: false, ...(span < 600 ? { second: "2-digit" } : {}) };
    return new Date(seconds * 1000).toLocaleString(undefined, form);
  }

  function columns(told) {
    const times = told.points.map((p) => p[0]);
    const rows = [times, told.points.map((p) => (told.budget && p[1] != null ? Math.max(-100, p[1]) : p[1]))];
    const first = times[0], length = told.even - first || 1;
    if (told.budget) rows.push(times.map((t) => Math.max(0, 100 * (1 - (t - first) / length))));
    else if (told.threshold != null) rows.push(times.map(() => told.threshold));
    return rows;
  }

  function marks(plot, told) {
    const { ctx, bbox } = plot;
    ctx.save();
    for (const [at, , kind] of told.marks) {
      const x = Math.round(plot.valToPos(at, "x", true)) + 0.5;
      if (x < bbox.left || x > bbox.left + bbox.width) continue;
      const deploy = kind === "deploy", dot = devicePixelRatio || 1;
      ctx.strokeStyle = ctx.fillStyle = colour(deploy ? "--accent" : "--warn");
      ctx.lineWidth = 1.5 * dot;
      ctx.setLineDash(deploy ? [] : [3 * dot, 3 * dot]);
      ctx.beginPath(); ctx.moveTo(x, bbox.top); ctx.lineTo(x, bbox.top + bbox.height); ctx.stroke();
      if (deploy) { ctx.beginPath(); ctx.moveTo(x, bbox.top); ctx.lineTo(x + 10 * dot, bbox.top + 4 * dot); ctx.lineTo(x, bbox.top + 8 * dot); ctx.fill(); }
    }
    ctx.restore();
  }

  function near(told, at, reach) {
    return told.marks.filter(([when]) => Math.abs(when - at) <= reach).map(([, words]) => words);
  }

  function read(shown) {
    const { plot, told, words } = shown, place = plot.cursor.idx;
    const at = place == null ? null : plot.data[0][place];
    if (at == null) { words.textContent = ""; return; }
    const reach = (plot.scales.x.max - plot.scales.x.min) / 60;
    const when = new Date(at * 1000).toLocaleString(undefined, { month: "short", day: "numeric", hour: "2-digit", minute: "2-digit", second: "2-digit", hour12: false });
    words.textContent = [when + ": " + figure(told.points[place] && told.points[place][1], told.unit), ...near(told, at, reach)].join(" · ");
  }

  function options(shown, width) {
    const soft = colour("--soft"), line = colour("--line");
    const axis = { stroke: soft, grid: { stroke: line, width: 1 }, ticks: { stroke: line, width: 1 }, font: "11px system-ui, sans-serif" };
    const second = shown.told.budget
      ? { stroke: soft, dash: [4, 4], width: 1.5, points: { show: false } }
      : { stroke: colour("--bad"), dash: [3, 4], width: 1.5, points: { show: false } };
    const drawn = [{}, { stroke: colour("--accent"), width: 2, spanGaps: false, points: { show: false } }];
    if (columns(shown.told).length > 2) drawn.push(second);
    return {
      width, height: HEIGHT, legend: { show: false }, series: drawn,
      cursor: { y: false, points: { size: 7 }, drag: { x: true, y: false } },
      scales: { x: { time: true }, y: { range: (_u, low, high) => range(shown.told, low, high) } },
      axes: [
        { ...axis, space: 58, size: 30, incrs: STEPS, values: (u, ticks) => ticks.map((t) => clock(t, u.scales.x.max - u.scales.x.min)) },
        { ...axis, size: 62, values: (_u, ticks) => ticks.map((t) => figure(t, shown.told.unit)) },
      ],
      hooks: { draw: [(u) => marks(u, shown.told)], setCursor: [() => shown.plot && read(shown)] },
    };
  }

  function range(told, low, high) {
    if (told.budget) return [Math.min(0, low ?? 0), 100];
    return [Math.min(0, low ?? 0), (Math.max(high ?? 0, told.threshold ?? 0) || 1) * 1.1];
  }

  function mount(home) {
    const told = JSON.parse(home.dataset.plot);
    const drawing = home.querySelector("svg"), place = document.createElement("div"), words = document.createElement("p");
    place.className = "hover";
    place.setAttribute("role", "img");
    place.setAttribute("aria-label", drawing ? drawing.getAttribute("aria-label") : told.label);
    place.title = "Point to read; drag to zoom, double-click to see all";
    words.className = "note reading";
    home.append(place, words);
    if (drawing) drawing.setAttribute("hidden", "");
    const shown = { home, told, words, place };
    draw(shown);
    mounted.set(home.id, shown);
  }

  function draw(shown) {
    shown.plot?.destroy();
    shown.plot = new self.uPlot(options(shown, Math.max(200, shown.home.clientWidth)), columns(shown.told), shown.place);
    read(shown);
  }

  function update(shown, next) {
    const zoomed = shown.plot.scales.x.min > shown.told.points[0][0] + 1 || shown.plot.scales.x.max < shown.told.points.at(-1)[0] - 1;
    const rows = columns(shown.told).length;
    shown.told = JSON.parse(next.dataset.plot);
    if (columns(shown.told).length !== rows) { draw(shown); return; }
    shown.plot.setData(columns(shown.told), !zoomed);
    read(shown);
  }

  // What the live page asks: take over into `next` the charts that are drawn already, with their new points.
  self.standfastPlots = {
    hovering: () => [...mounted.values()].some((one) => one.place.matches(":hover")),
    refresh(next) {
      for (const [id, shown] of mounted) {
        const fresh = next.getElementById ? next.getElementById(id) : next.querySelector("#" + CSS.escape(id));
        if (fresh?.dataset.plot) update(shown, fresh);
      }
    },
    keep(next) {
      for (const [id, shown] of mounted) {
        const fresh = next.querySelector("#" + CSS.escape(id));
        if (!fresh?.dataset.plot) { shown.plot.destroy(); mounted.delete(id); continue; }
        update(shown, fresh);
        fresh.replaceWith(shown.home);
      }
    },
    begin() { for (const home of document.querySelectorAll("figure[data-plot]")) if (!mounted.has(home.id)) mount(home); },
  };

  let waiting = 0;
  addEventListener("resize", () => { clearTimeout(waiting); waiting = setTimeout(() => {
    for (const one of mounted.values()) one.plot.setSize({ width: Math.max(200, one.home.clientWidth), height: HEIGHT });
  }, 120); });
  const again = () => { for (const one of mounted.values()) draw(one); };
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", again);
  new MutationObserver(again).observe(document.documentElement, { attributes: true, attributeFilter: ["data-theme"] });
  self.standfastPlots.begin();
})();
