"""The page's style: one sheet inside the page, which its policy names by hash."""

from __future__ import annotations

import base64
import hashlib

CSS = """
:root{color-scheme:light dark;--paper:#fff;--ink:#1b1f24;--soft:#57606a;--edge:#8c959f;--good:#1a7f37;\
--warn:#9a6700;--bad:#c4242f;--pattern:#fff;--card:#f6f8fa}
@media (prefers-color-scheme:dark){:root{--paper:#0d1117;--ink:#e6edf3;--soft:#9da7b3;--edge:#6e7681;\
--good:#3fb950;--warn:#d29922;--bad:#ff7b72;--pattern:#0d1117;--card:#161b22}}
*{box-sizing:border-box}
body{margin:0;background:var(--paper);color:var(--ink);font:1rem/1.5 system-ui,sans-serif;
overflow-wrap:anywhere}
.hidden{position:absolute}
header,main,footer{max-width:60rem;margin:0 auto;padding:1rem}
h1{font-size:1.5rem;margin:.5rem 0}h2{font-size:1.25rem;margin:2rem 0 .5rem}h3{font-size:1rem;margin:0}
.now{background:var(--card);border-left:.5rem solid var(--edge);padding:.75rem 1rem;
font-size:1.25rem;margin:1rem 0}
.now.operational{border-color:var(--good)}.now.reduced{border-color:var(--warn);border-left-style:double}
.now.down{border-color:var(--bad)}.now.unknown,.now.partly{border-left-style:dotted}
.note,footer{color:var(--soft)}
body>header{padding-bottom:0}main{padding-top:0}
.part,.incident{border-top:1px solid var(--edge);padding:1rem 0}
.part header,.incident header{display:flex;flex-wrap:wrap;gap:.25rem 1rem;
justify-content:space-between;padding:0}
.bars{display:block;width:100%;height:2.5rem;margin:.5rem 0}
.fine{fill:var(--good)}.troubled{fill:var(--warn)}.bad{fill:var(--bad)}.idle{fill:var(--edge)}
.unmeasured{fill:none;stroke:var(--edge);stroke-dasharray:2 2;stroke-width:1}
.ink{fill:var(--pattern)}.stroke{stroke:var(--pattern);stroke-width:1;fill:none}
.ends{display:flex;justify-content:space-between;color:var(--soft);font-size:.875rem}
.legend{display:flex;flex-wrap:wrap;gap:.25rem 1rem;list-style:none;padding:0;font-size:.875rem}
.key{width:.5rem;height:1.5rem;vertical-align:middle}
table{border-collapse:collapse;width:100%;font-size:.875rem}
th,td{text-align:left;border-bottom:1px solid var(--edge);padding:.25rem .5rem .25rem 0;font-weight:normal}
summary{cursor:pointer}a{color:inherit}:focus-visible{outline:.2rem solid currentColor;outline-offset:.1rem}
""".strip()


def policy() -> str:
    """Nothing is loaded, run or sent: a page that was tampered with on its way can do little more."""
    digest = base64.b64encode(hashlib.sha256(CSS.encode()).digest()).decode()
    return f"default-src 'none'; style-src 'sha256-{digest}'; base-uri 'none'; form-action 'none'"
