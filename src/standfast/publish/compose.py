"""compose.healthchecks.yaml: an overlay that has Compose check health as the file says, and start in order."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING
from urllib.parse import quote

from standfast.publish.artefact import FOLDER, Noted, Owed, dump
from standfast.publish.document import Generated
from standfast.publish.kubernetes.manifest import port_of
from standfast.publish.kubernetes.workloads import FOREIGN
from standfast.publish.markdown import span
from standfast.spec.values import Strength

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from standfast.publish.artefact import Artefacts
    from standfast.publish.edition import Edition
    from standfast.spec.system import Component, System

COMPOSE = f"{FOLDER}/compose.healthchecks.yaml"
_PATIENCE = timedelta(seconds=10)  # with the check of a store


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """A command that tells health, how often it runs, and how long it may take."""

    command: str
    every: timedelta
    timeout: timedelta


_BY_TYPE = {
    "postgresql": 'pg_isready -q -U "$${POSTGRES_USER:-postgres}"',
    "mysql": "mysqladmin ping --silent",
    "mariadb": "healthcheck.sh --connect --innodb_initialized",
    "redis": "redis-cli ping | grep -q PONG",
    "mongodb": "mongosh --quiet --eval 'quit(db.runCommand({ping: 1}).ok ? 0 : 1)'",
    "elasticsearch": "curl -fsS -o /dev/null 'http://127.0.0.1:9200/_cluster/health?timeout=1s'",
}
"""What the usual image of each store brings along. `$$` is Compose's own spelling of `$`."""


def compose(edition: Edition) -> Artefacts:
    found = dict(_checks(edition.system))
    checks = {name: asked for name, asked in found.items() if asked}
    if checks:
        ordered = Ordered.of(edition.system, checks)
        services = {
            name: _service(checks.get(name), ordered.needs[name])
            for name in edition.system.components
            if name in checks or ordered.needs.get(name)
        }
        yield Generated(path=COMPOSE, text=dump(edition, {"services": services}))
        for one, other in ordered.refused:
            yield Owed(
                path="compose.healthchecks.yaml",
                lacks=f"{one} does not wait for {other}: they need each other in a circle",
                rule="DEP-01",
                to="Solution Architect",
            )
    yield from _unchecked(edition.system, [name for name in found if name not in checks])


def _unchecked(system: System, names: list[str]) -> Artefacts:
    for name in names:
        part = system.components[name]
        if part.serves:
            yield Owed(
                path="compose.healthchecks.yaml",
                lacks=f"{name} has neither a ready nor a live endpoint that needs no token",
                rule="HLT-02",
                to="Developer",
            )
        else:
            yield Noted(
                path="compose.healthchecks.yaml",
                said=f"{name} gets no check: no usual image of a {part.type} brings a command for it",
            )


# ------------------------------------------------------------------ checks


def _checks(system: System) -> Iterator[tuple[str, Asked | None]]:
    for name, part in system.components.items():
        if part.type not in FOREIGN and not part.vendor:
            yield name, _asked(part)


def _asked(part: Component) -> Asked | None:
    for kind in ("ready", "live"):
        check = part.health.get(kind)
        if check and not check.authenticated:
            return Asked(
                # No sign of a path may mean something to a shell, or to Compose.
                command=_web(f"http://127.0.0.1:{_port(part)}{quote(check.path, safe='/?&=%:')}"),
                every=check.every,
                timeout=check.timeout,
            )
    if command := _BY_TYPE.get(part.type):
        return Asked(
            command=command, every=part.probe_every, timeout=min(part.probe_every, _PATIENCE)
        )
    return None


def _web(url: str) -> str:
    """Whichever of these the image has: BusyBox and Debian have one of the first two, Python the last."""
    ask = f"import urllib.request as r; r.urlopen('{url}')"
    return (
        f"if command -v wget >/dev/null; then wget -q -O /dev/null '{url}'; "
        f"elif command -v curl >/dev/null; then curl -fsS -o /dev/null '{url}'; "
        f'else python3 -c "{ask}"; fi'
    )


def _port(part: Component) -> int:
    return port_of(part.scrape) or port_of(part.url) or 80


# ------------------------------------------------------------------ the order of starting


@dataclass(frozen=True, slots=True, kw_only=True)
class Ordered:
    """Who waits for whom; Compose refuses circles, so an edge that closes one is left out."""

    needs: Mapping[
        str, tuple[tuple[str, bool], ...]
    ]  # component -> whom it waits for, and if for health
    refused: tuple[tuple[str, str], ...]

    @classmethod
    def of(cls, system: System, checks: Mapping[str, Asked]) -> Ordered:
        edges = {name: _hard(system, name) for name in system.components}
        refused = set(_closing(edges))
        needs = {
            name: tuple(
                (other, other in checks) for other in others if (name, other) not in refused
            )
            for name, others in edges.items()
        }
        order = ((name, other) for name, others in edges.items() for other in others)
        return cls(needs=needs, refused=tuple(one for one in order if one in refused))


def _hard(system: System, name: str) -> list[str]:
    """Whom it cannot do without, among those that run here."""
    if not _runs_here(system, name):
        return []
    needs = system.components[name].needs.values()
    return [one.to for one in needs if one.strength is Strength.HARD and _runs_here(system, one.to)]


def _runs_here(system: System, name: str) -> bool:
    part = system.components.get(name)
    return part is not None and part.type not in FOREIGN and not part.vendor


def _closing(edges: Mapping[str, list[str]]) -> Iterator[tuple[str, str]]:
    """The edges that close a circle when one walks along, each component once; without them there is none."""
    done: set[str] = set()
    for start in edges:
        way = [] if start in done else [(start, iter(edges[start]))]
        above = {start}
        while way:
            here, others = way[-1]
            other = next(others, None)
            if other is None:
                way.pop()
                above.discard(here)
                done.add(here)
            elif other in above:
                yield here, other
            elif other not in done:
                way.append((other, iter(edges.get(other, []))))
                above.add(other)


def _service(asked: Asked | None, needs: tuple[tuple[str, bool], ...]) -> dict[str, object]:
    service: dict[str, object] = {}
    if asked:
        service["healthcheck"] = {
            "test": ["CMD-SHELL", asked.command],
            "interval": span(asked.every),
            "timeout": span(asked.timeout),
            "retries": 3,
            "start_period": "30s",
        }
    if needs:
        service["depends_on"] = {
            name: {"condition": "service_healthy" if healthy else "service_started"}
            for name, healthy in needs
        }
    return service
