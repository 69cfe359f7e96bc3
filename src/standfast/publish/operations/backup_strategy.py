"""backup-strategy.md: which copies exist, when they are made in local time and UTC, and how they are proven."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from standfast.publish.document import Document, Region
from standfast.publish.edition import names
from standfast.publish.markdown import (
    bullets,
    code,
    escape,
    fence,
    join,
    minutes,
    size,
    span,
    table,
    years,
)
from standfast.review.arithmetic import copying, worst_loss

if TYPE_CHECKING:
    from collections.abc import Iterator

    from standfast.publish.edition import Edition
    from standfast.spec.protection import Backup, CopyPlan, Location

MEANING = {
    "finished": "the copy ended without an error",
    "size": "its size is in line with the ones before",
    "checksum": "every file matches the manifest",
    "restore": "restored into an empty server up to a named point, rows counted and canary rows found",
    "dr-drill": "the failover of disaster-recovery.md carried out and timed",
}


def document(edition: Edition) -> Document:
    return edition.document(
        "docs/operations/backup-strategy.md",
        "Backup strategy",
        Region(id="copies", body=_copies(edition)),
        Region(id="loss", body=_loss(edition)),
        Region(id="locations", body=_locations(edition)),
        Region(id="verification", body=_verification(edition)),
        Region(id="restore", body=_restore(edition)),
    )


def _copies(edition: Edition) -> str:
    rows = [
        [
            f"{escape(backup.store)} ({escape(edition.system.components[backup.store].type)})",
            escape(plan.kind),
            _when(edition, backup, plan) + edition.mark(f"backups.{backup.store}.{plan.kind}"),
            years(plan.keep),
            names(plan.to),
        ]
        for backup in edition.system.backups.values()
        for plan in backup.copies.values()
    ]
    uncovered = [
        f"{escape(part.name)} ({escape(part.type)}) is not copied: it is rebuilt from its source"
        for part in edition.system.components.values()
        if part.stateful
        and part.name not in edition.system.backups
        and part.rebuild_from == "source"
    ]
    uncovered += [
        f"{escape(part.name)} ({escape(part.type)}) has no backup"
        for part in edition.system.components.values()
        if part.stateful
        and part.name not in edition.system.backups
        and part.rebuild_from != "source"
    ]
    body = (
        table(["Database", "Type", "Frequency", "Kept", "To"], rows)
        if rows
        else edition.owed(
            "BKP-01", "Data Architect", "Which data is copied, how often, and where to?"
        )
    )
    return join("## Copies", body, bullets(uncovered))


def _when(edition: Edition, backup: Backup, plan: CopyPlan) -> str:
    if plan.continuous or plan.streaming:
        how = "over a replication slot" if plan.streaming else "by archive_command"
        return f"continuous, {how}"
    if plan.every:
        return f"every {span(plan.every)}"
    if plan.at:
        zone = ZoneInfo(backup.timezone)
        local = datetime.combine(edition.as_of, plan.at, tzinfo=zone)
        told = f"daily {plan.at:%H:%M} {escape(backup.timezone)} "
        return f"{told}({local.astimezone(UTC):%H:%M} UTC on {edition.as_of.isoformat()})"
    return "no schedule stated"


# ------------------------------------------------------------------ how much can be lost


def _loss(edition: Edition) -> str:
    lines = [line for backup in edition.system.backups.values() for line in _losses(backup)]
    if not lines:
        return join(
            "## How much can be lost",
            edition.owed("BKP-01", "Data Architect", "Without a copy, everything."),
        )
    return join(
        "## How much can be lost",
        "The worst case: the store dies just before the next copy has arrived.",
        table(["Store", "Copy", "Arithmetic", "Worst loss"], lines),
    )


def _losses(backup: Backup) -> Iterator[list[str]]:
    for plan in backup.copies.values():
        name = [escape(backup.store), escape(plan.kind)]
        takes = plan.takes or timedelta(0)
        if plan.streaming:
            yield [*name, "streamed as it is written", "the lag of the stream, measured live"]
        elif plan.continuous:
            if plan.archive_timeout:
                yield [
                    *name,
                    f"archive_timeout {span(plan.archive_timeout)} + upload",
                    span(worst_loss(plan.archive_timeout, takes)),
                ]
            else:
                yield [
                    *name,
                    "archive_timeout is not stated",
                    "**unbounded on a quiet database (RPO-05, owed by: DevOps/Platform)**",
                ]
        else:
            every = plan.every or timedelta(days=1)
            stated = (
                f"{span(every)} + {span(takes)} to take and upload"
                if plan.takes
                else f"{span(every)} + upload"
            )
            yield [*name, stated, span(worst_loss(every, takes))]


# ------------------------------------------------------------------ where


def _locations(edition: Edition) -> str:
    rows = [
        [
            escape(place.name),
            _address(place),
            escape(place.region or "beside the store"),
            f"{years(place.object_lock)}" if place.object_lock else "none",
        ]
        for place in edition.system.locations.values()
    ]
    if not rows:
        return join(
            "## Where they are", edition.owed("BKP-02", "DevOps/Platform", "Where are copies kept?")
        )
    keys = [_key(edition, backup) for backup in edition.system.backups.values()]
    return join(
        "## Where they are",
        table(["Location", "Address", "Region", "Object lock"], rows),
        "### Keys" if keys else "",
        bullets(keys),
    )


def _address(place: Location) -> str:
    return code(f"s3://{place.bucket}") if place.bucket else code(place.path or "not stated")


def _key(edition: Edition, backup: Backup) -> str:
    if backup.key is None:
        return f"{escape(backup.store)}: not encrypted by standfast"
    kept = names(backup.key_kept_at) or edition.owed(
        "BKP-09", "DevOps/Platform", "Where is a second copy of the key?"
    )
    return f"{escape(backup.store)}: key from {code(str(backup.key))}; a copy of the key is kept at: {kept}"


# ------------------------------------------------------------------ proof


def _verification(edition: Edition) -> str:
    rows = [
        [
            escape(backup.store),
            f"every {span(check.every)}",
            "by itself" if check.automatic else "by people",
            "; ".join(escape(MEANING.get(what, what)) for what in check.what),
        ]
        for backup in edition.system.backups.values()
        for check in backup.verify
    ]
    if not rows:
        return join(
            "## How they are proven",
            edition.owed(
                "BKP-04", "DevOps/Platform", "How often is a copy restored, and who looks at it?"
            ),
        )
    return join(
        "## How they are proven",
        (
            "A copy that was never restored is a hope. A finished backup with a correct checksum can still "
            "lack rows, so a restore counts them."
        ),
        table(["Store", "How often", "Who", "What is proven"], rows),
    )


def _restore(edition: Edition) -> str:
    blocks = [_restore_of(edition, backup) for backup in edition.system.backups.values()]
    if not blocks:
        blocks = [edition.owed("BKP-01", "Data Architect", "There is nothing to restore from.")]
    return join("## Restoring", *blocks)


def _restore_of(edition: Edition, backup: Backup) -> str:
    about = edition.system.components[backup.store]
    facts = []
    if about.size and backup.restore_speed:
        facts.append(
            f"Copying back takes {size(about.size)} ÷ {size(backup.restore_speed)}/s = "
            f"**{minutes(copying(about.size, backup.restore_speed))}**"
            f"{edition.mark(f'backups.{backup.store}.restore_speed')}, before replay and checks."
        )
    elif about.stateful:
        facts.append(
            edition.owed(
                "RTO-01",
                "Data Architect",
                "State `size` and `restore_speed`, or restore once and measure.",
            )
        )
    commands = fence(
        (
            f"standfast backup list {backup.store}        # which copies there are, how far each is proven\n"
            f"standfast backup restore {backup.store} --into ./restored   # the newest consistent state\n"
            f"standfast backup restore {backup.store} --into ./restored --to 2026-01-15T10:30:00Z\n"
            f"# ... or the state just before a mistake; works without the server of standfast\n"
        ),
        "sh",
    )
    return join(
        f"### {escape(backup.store)}",
        " ".join(facts),
        commands,
        "Never over the data that is there: restore beside it, compare, then swap. "
        "[recovery-objectives.md](recovery-objectives.md) says how long it may take.",
    )
