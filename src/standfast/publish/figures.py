"""The one dated region of a document: what the running service has measured of its subject."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from math import floor
from typing import TYPE_CHECKING

from standfast.publish.document import MEASURED, Document, Generated, Region, wrap
from standfast.publish.markdown import bullets, code, escape, join, size, span, table

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from datetime import datetime

    from standfast.dashboards.measurements import (
        CopyFigures,
        Episode,
        LevelFigures,
        Measurements,
        RecoveryFigures,
    )
    from standfast.publish.document import Output
    from standfast.publish.edition import Edition

NOTHING = "Nothing was measured of this yet."


def dressed(edition: Edition, outputs: Iterable[Output], found: Measurements) -> list[Output]:
    """Each document with its dated region behind everything else."""
    return [_dressed(edition, output, found) for output in outputs]


def _dressed(edition: Edition, output: Output, found: Measurements) -> Output:
    text = body(edition, output.path, found)
    if not text:
        return output
    region = Region(id=MEASURED, body=text)
    if isinstance(output, Document):
        return replace(output, parts=(*output.parts, region))
    return Generated(path=output.path, text=f"{output.text.rstrip()}\n\n{wrap(region)}\n")


def body(edition: Edition, path: str, found: Measurements) -> str:
    """What is measured of a document's subject; "" for documents about nothing that can be."""
    folder, _, name = path.rpartition("/")
    if folder == "docs/operations/runbooks":
        told = _runbook(edition, name.removesuffix(".md"), found)
    elif path in _BODIES:
        told = _BODIES[path](edition, found)
    else:
        return ""
    other = (
        ""
        if found.file == edition.system.digest
        else f"> The server runs on another file ({code('sha256:' + found.file[:16])}) than this document "
        "speaks of."
    )
    return join(f"## Measured, {_instant(found.at)}", other, told or NOTHING)


# ------------------------------------------------------------------ service levels, monitoring


def _levels(_edition: Edition, found: Measurements) -> str:
    if not found.levels:
        return ""
    return join(
        table(
            ["Objective", "State", "Attained", "Budget left", "Burn", "Runs out", "Over 90 days"],
            [_level(one) for one in found.levels],
        ),
        "A burn of 1 spends the budget exactly in its window. "
        "Over 90 days, or since the first look where that is later.",
        _deploy(found),
    )


def _level(one: LevelFigures) -> list[str]:
    left = _share(one.left)
    if one.left_time is not None and one.left is not None and one.left > 0:
        left += f", {span(_whole(one.left_time))} of total outage"
    since = f" (since {one.seen_since:%Y-%m-%d})" if one.seen_since else ""
    without = f", without {span(one.excluded)} that are excluded" if one.excluded else ""
    return [
        f"{escape(one.name)}, {escape(one.promise)}",
        one.state,
        _share(one.achieved),
        left,
        "not known" if one.burn is None else f"{one.burn:.2g}",
        _runs_out(one),
        _share(one.attained) + since + without,
    ]


def _runs_out(one: LevelFigures) -> str:
    if one.runs_out:
        return _instant(one.runs_out)
    return "not known" if one.left is None else "not at this pace"


def _deploy(found: Measurements) -> str:
    """The policy's word for each objective, in one list."""
    told = [
        f"{escape(one.name)}: {escape(one.band)} left, so {escape(one.action)}"
        for one in found.levels
        if one.action
    ]
    return join("By the budget policy:", bullets(told)) if told else ""


def _looks(_edition: Edition, found: Measurements) -> str:
    rows = [
        [
            escape(one.key),
            code(one.address),
            _instant(one.at),
            "answers"
            if one.ok
            else f"**fails since {_instant(one.since)}**: {escape(one.because)}",
        ]
        for one in found.targets
    ]
    gaps = [f"{escape(one)}: never looked at" for one in found.unseen]
    gaps += [f"{escape(one)}: no signal is read any more" for one in found.silent]
    return join(
        table(["Target", "Address", "Last look", "State"], rows) if rows else "",
        join("Missing:", bullets(gaps)) if gaps else "",
    )


# ------------------------------------------------------------------ alerts, people


def _alerts(_edition: Edition, found: Measurements) -> str:
    rows = [
        [
            escape(one.rule),
            escape(one.component),
            str(one.fired),
            str(one.answered),
            str(one.unanswered),
            _instant(one.last),
        ]
        for one in found.alerts
    ]
    if not rows:
        return "No alert has fired in the last 30 days."
    return join(
        table(["Alert", "Component", "Fired", "Answered", "Over before an answer", "Last"], rows),
        "Over the last 30 days. What is over before anybody answers again and again wakes people for "
        "nothing: tune it or delete it.",
    )


def _load(edition: Edition, found: Measurements) -> str:
    rows = [
        [
            edition.person(one.person),
            escape(one.rota),
            f"{one.hours} h",
            str(one.pages),
            str(one.at_night),
        ]
        for one in found.load
    ]
    quick, slow = found.acknowledged_p50, found.acknowledged_p90
    taken = (
        f"Half of the pages were answered within {span(_whole(quick))}, nine of ten within "
        f"{span(_whole(slow))}."
        if quick is not None and slow is not None
        else "No page was answered in the last 30 days."
    )
    return join(
        table(["Who", "Rotation", "Primary for", "Pages", "At night"], rows) if rows else "",
        taken + " Over the last 30 days, by the rotation as it is now; night is 22:00 to 06:00."
        if rows
        else taken,
        _channels(edition, found),
    )


def _channels(edition: Edition, found: Measurements) -> str:
    rows = [
        [
            edition.person(one.person) if one.person else "its own receiver",
            escape(one.channel) + (" (wakes)" if one.wakes else ""),
            f"**{one.proof}**",
            escape(one.words),
        ]
        for one in found.channels
    ]
    return table(["Who", "Channel", "Reached", "By its last test page"], rows) if rows else ""


def _runbook(edition: Edition, name: str, found: Measurements) -> str:
    rules = {alert.name for alert in edition.alerts_for.get(name, ())}
    mine = [one for one in found.episodes if one.runbook == name or one.rule in rules]
    rows = [_episode(edition, one) for one in mine[:5]]
    if not rows:
        return "Nothing that leads here has fired in the last 30 days."
    return join(
        "The last times that something led here:",
        table(["Fired", "Alert", "Lasted", "Answered by", "Incident", "Last note"], rows),
    )


def _episode(edition: Edition, one: Episode) -> list[str]:
    return [
        _instant(one.at),
        f"{escape(one.rule)} on {escape(one.component)}",
        span(_whole(one.lasted)) if one.lasted is not None else "**still firing**",
        edition.person(one.answered_by) if one.answered_by else "nobody",
        escape(one.incident) or "none",
        escape(one.ended_by) or "none written",
    ]


def _incidents(edition: Edition, found: Measurements) -> str:
    rows = [
        [
            escape(one.id),
            one.sev,
            escape(one.title),
            _instant(one.since),
            edition.person(one.commander) if one.commander else "nobody yet",
        ]
        for one in found.incidents
    ]
    late = [
        f"{escape(one.incident)}: {escape(one.text)}, {edition.person(one.owner)}, was due {_instant(one.due)}"
        for one in found.overdue
    ]
    return join(
        table(["Incident", "Level", "What", "Since", "Led by"], rows)
        if rows
        else "No incident is open.",
        join("Overdue actions:", bullets(late)) if late else "No action is overdue.",
    )


# ------------------------------------------------------------------ recovery


def _copies(_edition: Edition, found: Measurements) -> str:
    rows = [_copy(one, found.at) for one in found.copies]
    proofs = [
        f"{escape(one.store)}: {_instant(one.at)}, "
        + ("content compared" if one.passed else f"**failed**: {escape(one.reason)}")
        for one in found.restores
    ]
    return join(
        table(["Store", "Kind", "Last success", "Age", "Size", "Against the one before"], rows)
        if rows
        else "No copy was taken yet.",
        join("Last restore:", bullets(proofs)) if proofs else "No copy was ever restored.",
    )


def _copy(one: CopyFigures, now: datetime) -> list[str]:
    trend = "first of its kind"
    if one.before:
        trend = f"{(one.size - one.before) / one.before:+.1%}"
    if one.failed_at:
        trend += f"; **failed since, {_instant(one.failed_at)}**: {escape(one.reason)}"
    age = span(_whole(now - one.at))
    return [escape(one.store), escape(one.kind), _instant(one.at), age, size(one.size), trend]


def _objectives(_edition: Edition, found: Measurements) -> str:
    rows = [_recovered(one) for one in found.recovery]
    head = ["Data", "RPO promised", "RPO measured", "RTO promised", "RTO measured", "How we know"]
    return table(head, rows) if rows else ""


def _recovered(one: RecoveryFigures) -> list[str]:
    return [
        escape(one.data),
        _length(one.rpo_promised, "not stated"),
        _judged(one.rpo_measured, one.rpo),
        _length(one.rto_promised, "not stated"),
        _judged(one.rto_measured, one.rto),
        escape(one.because),
    ]


def _judged(length: timedelta | None, verdict: str) -> str:
    if length is None:
        return "not measured"
    return f"{span(_whole(length))}, {'**missed**' if verdict == 'missed' else verdict}"


def _disaster(_edition: Edition, found: Measurements) -> str:
    rows = [
        [
            escape(one.store),
            _instant(one.at),
            "content compared" if one.passed else f"**failed**: {escape(one.reason)}",
            span(_whole(one.rto)),
            _length(one.rpo, "not measured"),
        ]
        for one in found.restores
    ]
    return (
        table(["Store", "Last restored", "Result", "Took", "Lost"], rows)
        if rows
        else "No copy was ever restored, so the copying-back of the plan above is arithmetic only."
    )


# ------------------------------------------------------------------ the audit log


def _log(_edition: Edition, found: Measurements) -> str:
    log = found.audit
    signed = (
        f"the last checkpoint was signed {_instant(log.signed_at)}"
        if log.signed_at
        else "no checkpoint was signed yet"
    )
    return bullets(
        [
            f"{log.size} records, {log.recent} of them in the last 30 days",
            f"{'sealed' if log.sealed else '**not sealed**'}: {escape(log.seal)}; {signed}",
            "how deep an application's spool is stands in its own metric `standfast_audit_spool_events`",
        ]
    )


def _events(_edition: Edition, found: Measurements) -> str:
    rows = [[code(name), _instant(at) if at else "**never seen**"] for name, at in found.audit.seen]
    return table(["Event", "Seen last"], rows) if rows else ""


def _retained(edition: Edition, found: Measurements) -> str:
    log, kept = found.audit, edition.system.compliance.retention.get("")
    if log.oldest is None:
        return "The log is empty."
    ends = (
        f"; by the general rule its payload may go on {log.oldest + kept.total:%Y-%m-%d}"
        if kept
        else ""
    )
    return f"The oldest record is of {_instant(log.oldest)}{ends}."


def _readers(_edition: Edition, found: Measurements) -> str:
    log = found.audit
    return (
        f"In the last 90 days the log was searched {log.searched} times and exported {log.exported} times. "
        "Who that was is in the log itself: `standfast audit search --action 'audit.*'`."
    )


# ------------------------------------------------------------------ quantities


def _instant(moment: datetime) -> str:
    return f"{moment:%Y-%m-%d %H:%M} UTC"


def _share(share: float | None) -> str:
    """Rounded towards the worse: a promise that was broken by little was broken."""
    return "not known" if share is None else f"{floor(share * 100_000 + 1e-7) / 1000:.3f}%"


def _whole(length: timedelta) -> timedelta:
    """To the second, from one second on: nothing is measured as exactly as it is stored."""
    seconds = length.total_seconds()
    return (
        timedelta(seconds=round(seconds))
        if seconds >= 1
        else timedelta(milliseconds=round(seconds * 1e3))
    )


def _length(length: timedelta | None, otherwise: str) -> str:
    return otherwise if length is None else span(_whole(length))


_BODIES: dict[str, Callable[[Edition, Measurements], str]] = {
    "docs/operations/README.md": _incidents,
    "docs/operations/SLOs.md": _levels,
    "docs/operations/monitoring.md": _looks,
    "docs/operations/alerting.md": _alerts,
    "docs/operations/on-call.md": _load,
    "docs/operations/backup-strategy.md": _copies,
    "docs/operations/disaster-recovery.md": _disaster,
    "docs/operations/recovery-objectives.md": _objectives,
    "docs/operations/incident-response.md": _incidents,
    "docs/operations/audit-logging.md": _log,
    "docs/compliance/audit-events.md": _events,
    "docs/compliance/retention-policy.md": _retained,
    "docs/compliance/audit-access.md": _readers,
}
