"""Templates, and how values look in them."""

from __future__ import annotations

import hashlib
import json
from datetime import UTC, datetime, timedelta
from fractions import Fraction
from importlib import resources
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup
from starlette.responses import HTMLResponse

from standfast.dashboards.figure import budget_words, figure
from standfast.web import charts, markdown
from standfast.web.as_data import as_data
from standfast.web.caller import platform

if TYPE_CHECKING:
    from collections.abc import Iterator
    from importlib.resources.abc import Traversable

    from starlette.requests import Request

    from standfast.dashboards.deploy import DeployLine

# Address, words, and the letter that leads there after `g`.
NAVIGATION = (
    ("/", "Overview", "o"),
    ("/services", "Services", "s"),
    ("/infrastructure", "Infrastructure", "n"),
    ("/experience", "Experience", "e"),
    ("/incidents", "Incidents", "i"),
    ("/on-call", "On call", "c"),
    ("/recovery", "Recovery", "r"),
    ("/reports", "Reports", "p"),
    ("/audit", "Audit", "a"),
    ("/review", "Review", "v"),
    ("/docs", "Documents", "d"),
)
_SHAPES = {
    "good": '<circle cx="5" cy="5" r="4.5"/>',
    "warn": '<path d="M5 .6 9.8 9.4H.2z"/>',
    "bad": '<path d="M.5.5h9v9h-9z"/>',
    "quiet": '<path d="M5 0l5 5-5 5-5-5z"/>',
}


def instant(moment: datetime | None, form: str = "") -> Markup:
    if moment is None:
        return Markup("<span class=note>never</span>")
    stamp = moment.astimezone(UTC)
    shown = stamp.strftime("%H:%M:%S" if form == "clock" else "%Y-%m-%d %H:%M UTC")
    return Markup('<time datetime="{}" data-form="{}">{}</time>').format(
        stamp.isoformat(timespec="seconds").replace("+00:00", "Z"), form, shown
    )


def stamp(text: str) -> Markup:
    """An instant that arrives as RFC 3339 text."""
    return instant(datetime.fromisoformat(text))


def duration(span: timedelta | None) -> str:
    """In the two largest units: "1 h 5 min", "40 s", "0.4 s"; what is shorter in thousandths: "4 ms"."""
    if span is None:
        return "–"
    seconds = span.total_seconds()
    if 0 < abs(seconds) < 0.1:
        return f"{seconds * 1000:.0f} ms" if abs(seconds) >= 0.001 else "under 1 ms"
    if abs(seconds) < 10:
        return f"{seconds:.1f} s".replace(".0 s", " s")
    sign, left = "−" if seconds < 0 else "", abs(round(seconds))
    parts = []
    for size, name in ((86400, "d"), (3600, "h"), (60, "min"), (1, "s")):
        count, left = divmod(left, size)
        if count:
            parts.append(f"{count} {name}")
    return sign + " ".join(parts[:2])


def sentence(text: str) -> str:
    """The words with a full stop, where they have no end of their own."""
    text = text.strip()
    if not text:
        return ""
    return text if text.endswith((".", "!", "?", ":")) else f"{text}."


def percent(share: Fraction | float | None, digits: int = 1) -> str:
    """Rounded towards the worse, so that 99.96% is never shown as a kept 100.0%."""
    if share is None:
        return "unknown"
    scaled = Fraction(share) * 100 * 10**digits
    return f"{float(Fraction(scaled.__floor__(), 10**digits)):.{digits}f}%"


def state(tone: str, word: str) -> Markup:
    """A state as shape, colour and word."""
    shape = Markup(_SHAPES.get(tone, _SHAPES["quiet"]))  # noqa: S704 - our own four shapes
    return Markup(
        '<span class="state {}"><svg viewBox="0 0 10 10" aria-hidden="true">{}</svg>{}</span>'
    ).format(tone if tone in _SHAPES else "quiet", shape, word)


def _assets() -> str:
    digest = hashlib.sha256()
    for file in _files(resources.files("standfast.web").joinpath("static")):
        digest.update(file.read_bytes())
    return digest.hexdigest()[:12]


def _files(folder: Traversable) -> Iterator[Traversable]:
    for found in sorted(folder.iterdir(), key=lambda one: one.name):
        if found.is_dir():
            yield from _files(found)
        else:
            yield found


_ASSETS = _assets()


def runbook_address(name: str) -> str:
    """Of the page that standfast publishes, or the team's own address as it stands."""
    if name.startswith(("https://", "http://")):
        return name
    return f"/docs/operations/runbooks/{quote(name, safe='')}.md"


def plots() -> Markup:
    """The scripts of pages with charts that one hovers."""
    script = Markup('<script src="/static/{}?{}" defer></script>')
    style = Markup('<link rel="stylesheet" href="/static/vendor/uPlot.min.css?{}">')
    drawing, own = (
        script.format(name, _ASSETS) for name in ("vendor/uPlot.iife.min.js", "plots.js")
    )
    return drawing + own + style.format(_ASSETS)


def _deploy_mark(one: DeployLine) -> tuple[datetime, str]:
    return one.at, f"{one.component} {one.version} deployed"


def _environment() -> Environment:
    environment = Environment(
        loader=PackageLoader("standfast.web", "templates"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters.update(
        sentence=sentence,
        instant=instant,
        stamp=stamp,
        duration=duration,
        percent=percent,
        budget_words=budget_words,
        figure=figure,
        deploy_mark=_deploy_mark,
        markdown=markdown.html,
        runbook_address=runbook_address,
    )
    environment.globals.update(
        state=state, charts=charts, plots=plots, navigation=NAVIGATION, assets=_ASSETS, problem="", told="",
        live=True, as_of=None, caller=None, as_data=None,
    )  # fmt: skip
    return environment


_ENVIRONMENT = _environment()


def page(
    request: Request, name: str, *, status: int = 200, json_path: str = "", **values: Any
) -> HTMLResponse:
    """A page of the template `name`; `here` marks the entry of the navigation.

    `json_path` is where the API answers what the page shows.
    """
    if json_path:
        values["as_data"] = as_data(json_path, request.url.query, _server(request))
    values.setdefault("here", "/" + request.url.path.strip("/").partition("/")[0])
    values.setdefault("caller", getattr(request.state, "caller", None))
    text = _ENVIRONMENT.get_template(name).render(request=request, **values)
    return HTMLResponse(text, status_code=status)


def _server(request: Request) -> str:
    """Our own address as the file says it, since behind a proxy the request does not know it."""
    stated = platform(request).accept.current().server.public_url
    return (stated or str(request.base_url)).rstrip("/")


def pretty(value: object) -> str:
    return json.dumps(value, indent=2, sort_keys=True, ensure_ascii=False)
