"""Uptime Kuma's database or backup in, a draft out."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING

from standfast.drivers.importers import nodes
from standfast.drivers.importers.bounding import bounded, listed
from standfast.drivers.importers.checks import MOST, Checks
from standfast.drivers.importers.kuma import database
from standfast.drivers.importers.kuma.monitor import Context, monitor
from standfast.drivers.importers.kuma.reading import flag, said
from standfast.drivers.importers.levels import Levels, ordered
from standfast.drivers.importers.manifests import manifests, marked
from standfast.drivers.importers.nodes import at
from standfast.drivers.importers.prometheus.subjects import known_types
from standfast.errors import StandfastError
from standfast.spec.drafting.draft import Draft, Note, NoteKind, join
from standfast.spec.tree import Node
from standfast.spec.values import Place

if TYPE_CHECKING:
    from collections.abc import Sequence

    from standfast.drivers.importers.source import Folder, Source

_MARK = re.compile(r"[\"']?monitorList[\"']?\s*:")
_EARLIEST = 21  # days before a certificate ends; Uptime Kuma's own
_MOST_DAYS = 3650
Tables = dict[str, list[Node]]


def is_backup(node: Node) -> bool:
    found = at(node, "monitorList")
    return found is not None and found.kind != "scalar"


class UptimeKuma:
    """`kuma.db` of 1.x and 2.x, and the JSON that 1.x exports."""

    name = "uptime-kuma"

    def claims(self, source: Source) -> bool:
        if source.database is not None:
            return source.path.endswith("kuma.db") or database.is_kuma(source.database)
        return marked(source, _MARK, is_backup)

    def read(self, sources: Sequence[Source], folder: Folder, known: Draft | None = None) -> Draft:  # noqa: ARG002 - the port's shape
        checks = Checks(Levels(), known_types(known))
        for source in sources:
            if source.database is not None:
                try:
                    _read(database.tables(source.database, source.path), checks)
                except StandfastError as error:
                    checks.levels.notes.append(_unreadable(source, error))
        plain = [one for one in sources if one.database is None]
        for one in filter(is_backup, manifests(plain, checks.levels.notes)):
            _read(_tables(one), checks)
        checks.rest()
        joined = join([checks.levels.draft()])
        return replace(joined, facts=tuple(ordered(joined.facts)), notes=bounded(joined.notes))


def _unreadable(source: Source, error: StandfastError) -> Note:
    place = Place(file=source.path, line=1, column=1)
    said_ = f"{error.problem}; {error.fix}" if error.fix else error.problem
    return Note(kind=NoteKind.UNREADABLE, place=place, text=said_)


def _tables(backup: Node) -> Tables:
    """A backup's lists under the names of the tables. Monitors may be a list, or a map by their ids."""
    return {
        "monitor": _listed(at(backup, "monitorList")),
        "notification": _listed(at(backup, "notificationList")),
    }


def _listed(node: Node | None) -> list[Node]:
    if node is None:
        return []
    return node.items or [value for _, _, value in nodes.entries(node)]


def _read(tables: Tables, checks: Checks) -> None:
    monitors = tables.get("monitor", [])
    context = Context(
        checks=checks,
        groups={said(one, "id"): said(one, "name") for one in monitors if said(one, "type") == "group"},
        channels=_channels(tables),
        certificate=timedelta(days=_days(tables.get("setting", []))),
    )  # fmt: skip
    for one in monitors[:MOST]:
        monitor(one, context)
    if len(monitors) > MOST:
        words = f"{len(monitors):,} monitors; at most {MOST:,} are read"
        checks.levels.note(NoteKind.UNREADABLE, words, monitors[MOST])
    _named(tables, checks)


def _channels(tables: Tables) -> dict[str, list[str]]:
    """Of each monitor the kinds of channels that hear of it."""
    switched_on = (one for one in tables.get("notification", []) if _is_on(one))
    kinds = {said(one, "id"): _kind(one) for one in switched_on}
    found: dict[str, list[str]] = {}
    for one in tables.get("monitor_notification", []):
        if kind := kinds.get(said(one, "notification_id")):
            found.setdefault(said(one, "monitor_id"), []).append(kind)
    for one in tables.get("monitor", []):
        for key, _, _ in nodes.entries(one, "notificationIDList"):
            if kind := kinds.get(key):
                found.setdefault(said(one, "id"), []).append(kind)
    return found


def _is_on(one: Node) -> bool:
    return flag(one, "active", otherwise=True)


def _kind(channel: Node) -> str:
    """From a backup, its settings are text; nothing of them but the kind is looked at."""
    if kind := said(channel, "type"):
        return kind[:40]
    try:
        found = json.loads(said(channel, "config") or "{}")
    except (ValueError, RecursionError):
        found = {}
    told = found.get("type") if isinstance(found, dict) else ""
    return told[:40] if isinstance(told, str) and told else "a channel of no known kind"


def _days(settings: Sequence[Node]) -> int:
    """The earliest of the days before the end of a certificate at which Uptime Kuma tells."""
    try:
        found = json.loads(said(settings[0], "value")) if settings else []
    except (ValueError, RecursionError):
        found = []
    days = [one for one in found if isinstance(one, int)] if isinstance(found, list) else []
    return max((one for one in days if 0 < one < _MOST_DAYS), default=_EARLIEST)


# ------------------------------------------------------------------ what is named and left


def _named(tables: Tables, checks: Checks) -> None:
    channels = tables.get("notification", [])
    if channels:
        words = listed(f"{said(one, 'name')[:40]!r} ({_kind(one)})" for one in channels)
        words = f"the channels {words} are not carried over, and their settings not read; write them under "
        checks.levels.note(NoteKind.SECRET, f"{words}`channels:`, by webhook or mail", channels[0])
    for one in tables.get("maintenance", []):
        if _is_on(one):
            words = f"the maintenance {said(one, 'title')[:60]!r} ({_when(one)}) is not carried over: plan "
            checks.levels.note(
                NoteKind.UNSUPPORTED, f"{words}each with `standfast slo exclude`", one
            )
    pages = tables.get("status_page", [])
    for page in pages:
        groups = [
            said(one, "name")[:40]
            for one in tables.get("group", [])
            if said(one, "status_page_id") == said(page, "id")
        ]
        shown = f", with the groups {listed(groups)}" if groups else ""
        words = (
            f"the status page {said(page, 'title')[:60]!r}{shown}, is not carried over; standfast "
        )
        words += "writes its own where `server.status_page` says"
        checks.levels.note(NoteKind.UNSUPPORTED, words, page)
    tags = tables.get("tag", [])
    if tags:
        words = f"tags are not carried over: {listed(said(one, 'name')[:40] for one in tags)}"
        checks.levels.note(NoteKind.SKIPPED, words, tags[0])


def _when(one: Node) -> str:
    parts = (
        said(one, "strategy"),
        said(one, "cron"),
        said(one, "start_date"),
        said(one, "end_date"),
        said(one, "timezone"),
    )
    return ", ".join(part[:40] for part in parts if part)
