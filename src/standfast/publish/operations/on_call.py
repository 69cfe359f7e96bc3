"""on-call.md: who is on call in the next eight weeks, and who is called when they do not answer."""

from __future__ import annotations

from collections import Counter
from datetime import UTC, datetime, time, timedelta
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from standfast.paging.rotation import shifts
from standfast.publish.document import Document, Region
from standfast.publish.edition import names
from standfast.publish.markdown import bullets, escape, join, span, table

if TYPE_CHECKING:
    from standfast.paging.rotation import Watch
    from standfast.publish.edition import Edition
    from standfast.spec.calling import EscalationStep, OnCall

WEEKS = 8
MOST = 60
"""Rows shown of one rotation: office hours change hands twice a day."""


def document(edition: Edition) -> Document:
    return edition.document(
        "docs/operations/on-call.md",
        "On call",
        Region(id="rotations", body=_rotations(edition)),
        Region(id="escalation", body=_escalation(edition)),
        Region(id="contacts", body=_contacts(edition)),
        Region(id="handover", body=_handover()),
    )


def _missing(edition: Edition, title: str) -> str:
    question = "Who is called at night, in which order, and when do they hand over?"
    return join(title, edition.owed("ONC-01", "DevOps/Platform", question))


def _rotations(edition: Edition) -> str:
    title = f"## The next {WEEKS} weeks"
    rotas = edition.system.on_call.values()
    if not rotas:
        return _missing(edition, title)
    return join(title, *(_rotation(edition, rota) for rota in rotas))


def _rotation(edition: Edition, rota: OnCall) -> str:
    start = datetime.combine(edition.as_of, time(), tzinfo=ZoneInfo(rota.timezone)).astimezone(UTC)
    end = start + timedelta(weeks=WEEKS)
    watches = shifts(rota, start, end)
    head = ["From", "To", "From (UTC)", "Primary", "Secondary"]
    return join(
        f"### {escape(rota.name)}",
        f"Covers {names(rota.covers)}, {escape(rota.hours)}, handover every {span(rota.shift.length)} at "
        f"{rota.shift.handover_time:%H:%M}; times are those of {escape(rota.timezone)}, "
        "but for the column that says UTC.",
        table(head, [_watch(edition, rota, one) for one in watches[:MOST]]),
        f"…and {len(watches) - MOST} more changes on the on-call page."
        if len(watches) > MOST
        else "",
        _load(edition, watches),
    )


def _watch(edition: Edition, rota: OnCall, watch: Watch) -> list[str]:
    zone = ZoneInfo(rota.timezone)
    begin, end = watch.begin.astimezone(zone), watch.end.astimezone(zone)
    nobody = "**nobody (ONC-01: DevOps/Platform)**" if rota.hours == "24x7" else "nobody"
    return [
        f"{begin:%a %Y-%m-%d %H:%M}",
        f"{end:%a %Y-%m-%d %H:%M}",
        f"{watch.begin.astimezone(UTC):%a %Y-%m-%d %H:%M}",
        edition.person(watch.primary) if watch.primary else nobody,
        edition.person(watch.secondary) if watch.secondary else "nobody",
    ]


def _load(edition: Edition, watches: tuple[Watch, ...]) -> str:
    """How the hours of being primary are shared."""
    hours: Counter[str] = Counter()
    for watch in watches:
        if watch.primary:
            hours[watch.primary] += (watch.end - watch.begin) // timedelta(hours=1)
    shared = [f"{edition.person(who)} {count} h" for who, count in sorted(hours.items())]
    return f"Hours as primary: {', '.join(shared)}." if shared else ""


# ------------------------------------------------------------------ escalation


def _escalation(edition: Edition) -> str:
    rotas = edition.system.on_call.values()
    if not rotas:
        return _missing(edition, "## If nobody answers")
    rows = [
        [
            escape(rota.name),
            severity.value + edition.mark(f"on_call.{rota.name}.escalate.{severity}"),
            *_steps(edition, steps),
        ]
        for rota in rotas
        for severity, steps in sorted(rota.escalate.items())
    ]
    catch_all = edition.system.server.catch_all
    last = (
        f"When all of these stay silent: {edition.person(catch_all)}."
        if catch_all
        else edition.owed(
            "ALR-04",
            "DevOps/Platform",
            "Who is paged when everyone else was? State `server.catch_all`.",
        )
    )
    return join(
        "## If nobody answers",
        (
            "Minutes count from the first page. A step with nobody on call, or whose every channel "
            "has failed, is passed "
            "at once."
        ),
        table(
            ["Rotation", "Severity", "0 min", "then", "then", "Promise"],
            [[*row[:5], row[5]] for row in rows],
        ),
        last,
    )


def _steps(edition: Edition, steps: tuple[EscalationStep, ...]) -> list[str]:
    """Three columns of who is paged after how long, and what has passed when the last one is."""
    cells: list[str] = []
    passed = 0
    for step in steps:
        who = edition.person(step.to) if step.to in edition.system.people else escape(step.to)
        after = f" after {passed} min" if cells else ""
        cells.append(f"{who}{after}")
        passed = int(step.within.total_seconds() // 60) if step.within else passed
    shown = [*cells[:2], "; ".join(cells[2:])]
    shown += ["–"] * (3 - len(shown))
    return [*shown, f"{passed} min to the end" if passed else "next business day"]


# ------------------------------------------------------------------ people


def _contacts(edition: Edition) -> str:
    everyone = edition.system.people.values()
    if not everyone:
        return join(
            "## People",
            edition.owed(
                "ONC-03", "DevOps/Platform", "Who are the people, and how are they reached?"
            ),
        )
    rows = [
        [
            edition.person(one.id),
            escape(one.email or ""),
            escape(one.chat or ""),
            *([escape(one.phone or "")] if edition.private else []),
            _away(one.leave, edition),
        ]
        for one in everyone
    ]
    phone = ["Telephone"] if edition.private else []
    return join(
        "## People",
        table(["Who", "Mail", "Chat", *phone, "Away"], rows),
        "**Private build: this page holds telephone numbers. Do not commit it.**"
        if edition.private
        else "Telephone numbers do not belong into a repository: `standfast on-call` shows those of "
        "whoever is on call, `standfast publish --private` writes all of them here.",
    )


def _away(leave: tuple[tuple[object, object], ...], edition: Edition) -> str:
    coming = [
        f"{first} to {last}" for first, last in leave if str(last) >= edition.as_of.isoformat()
    ]
    return ", ".join(coming) or "–"


def _handover() -> str:
    return join(
        "## Handover",
        bullets(
            [
                "Open incidents and alerts that are silenced: which, why, until when?",
                "What paged last week, and was it worth waking somebody? What was not is tuned or deleted.",
                "Deploys, migrations and holidays of the coming week.",
                "Send yourself a test page (`standfast on-call test ID`): does it ring at night?",
                "Laptop, charger, access to production and to this repository.",
            ],
            box=True,
        ),
    )
