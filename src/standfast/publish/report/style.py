"""The report's style: one sheet inside the page, which its policy names by hash."""

from __future__ import annotations

import base64
import hashlib

CSS = """
:root{color-scheme:light dark;--paper:#fff;--ink:#1b1f24;--soft:#57606a;--edge:#8c959f;--line:#d0d7de;\
--good:#1a7f37;--bad:#c4242f;--warn:#9a6700;--pattern:#fff;--card:#f6f8fa}
@media (prefers-color-scheme:dark){:root{--paper:#0d1117;--ink:#e6edf3;--soft:#9da7b3;--edge:#6e7681;\
--line:#30363d;--good:#3fb950;--bad:#ff7b72;--warn:#d29922;--pattern:#0d1117;--card:#161b22}}
*{box-sizing:border-box}
body{margin:0;background:var(--paper);color:var(--ink);font:1rem/1.5 system-ui,sans-serif;
overflow-wrap:anywhere}
.hidden{position:absolute}
body>header,main,footer{max-width:60rem;margin:0 auto;padding:0 1rem}
body>header{padding-top:1.5rem}footer{padding:1rem;color:var(--soft);font-size:.875rem}
h1{font-size:1.75rem;line-height:1.25;margin:.25rem 0}h2{font-size:1.25rem;margin:2.5rem 0 .5rem}
h3{font-size:1rem;margin:1.5rem 0 .25rem}p{margin:.5rem 0}
.soft{color:var(--soft)}
.stamp{border:2px solid var(--warn);padding:.5rem .75rem;font-weight:600}
.box{background:var(--card);border-left:.4rem solid var(--edge);padding:.5rem .75rem;margin:1rem 0}
.box ul{margin:.25rem 0;padding-left:1.25rem}
.scroll{overflow-x:auto}.scroll:focus-visible{outline:.2rem solid currentColor}
table{border-collapse:collapse;width:100%;font-size:.875rem}
.caption{color:var(--soft);font-size:.875rem;margin:.75rem 0 .25rem}
th,td{text-align:left;vertical-align:top;border-bottom:1px solid var(--line);padding:.3rem .75rem .3rem 0;
font-weight:normal;overflow-wrap:normal}
thead th{color:var(--soft);white-space:nowrap}
.num{text-align:right;font-variant-numeric:tabular-nums;white-space:nowrap}
.state{white-space:nowrap;font-weight:600}
.state svg{width:.7em;height:.7em;margin-right:.35em;fill:currentColor}
.state.good{color:var(--good)}.state.bad{color:var(--bad)}.state.warn{color:var(--warn)}.state.quiet{color:var(--soft)}
dl{display:grid;grid-template-columns:repeat(auto-fit,minmax(9.5rem,1fr));gap:.75rem 1.5rem;margin:1rem 0}
dt{color:var(--soft);font-size:.875rem}dd{margin:0;font-size:1.125rem;font-variant-numeric:tabular-nums}
dd small{display:block;font-size:.8125rem;color:var(--soft)}
.method{display:block}.method dt{font-weight:600;color:var(--ink);margin-top:.5rem}
.method dd{font-size:.9375rem}
.bars{display:block;width:100%;height:3.5rem;margin:.5rem 0 0}
.kept{fill:var(--good)}.broken{fill:var(--bad)}.idle{fill:var(--edge)}
.out{fill:none;stroke:var(--edge);stroke-width:1}.unmeasured{fill:none;stroke:var(--edge);stroke-width:1;
stroke-dasharray:2 2}
.ink{fill:var(--pattern)}
.ends{display:flex;justify-content:space-between;color:var(--soft);font-size:.875rem}
.legend{display:flex;flex-wrap:wrap;gap:.25rem 1rem;list-style:none;padding:0;font-size:.875rem;
margin:.25rem 0}
.key{width:.6rem;height:1.25rem;vertical-align:middle}
details{margin:.5rem 0}summary{cursor:pointer}a{color:inherit}
:focus-visible{outline:.2rem solid currentColor;outline-offset:.1rem}
code{font-size:.875em}
@media (max-width:30rem){h1{font-size:1.375rem}.bars{height:2.5rem}}
@media print{@page{size:A4;margin:16mm 14mm}
:root{--paper:#fff;--ink:#000;--soft:#444;--edge:#777;--line:#bbb;--good:#1a7f37;--bad:#c4242f;\
--warn:#9a6700;--pattern:#fff;--card:#f4f4f4}
body{font-size:10pt}body>header,main,footer{max-width:none;padding-left:0;padding-right:0}
h2,h3,.caption{break-after:avoid}tr,dl>div,.bars{break-inside:avoid}thead{display:table-header-group}
*{-webkit-print-color-adjust:exact;print-color-adjust:exact}
.scroll{overflow:visible}details{display:none}.legend{break-inside:avoid}}
""".strip()


def policy() -> str:
    """Nothing is loaded, run or sent."""
    digest = base64.b64encode(hashlib.sha256(CSS.encode()).digest()).decode()
    return f"default-src 'none'; style-src 'sha256-{digest}'; base-uri 'none'; form-action 'none'"
