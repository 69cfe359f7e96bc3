"""Timers and services of systemd that take copies and prove them, for sites where the server does not."""

from __future__ import annotations

from typing import TYPE_CHECKING

from standfast.publish.artefact import FOLDER, stamp
from standfast.publish.backup.turns import turns
from standfast.publish.document import Generated
from standfast.publish.markdown import span

if TYPE_CHECKING:
    from collections.abc import Iterator

    from standfast.publish.backup.turns import Turn
    from standfast.publish.edition import Edition

FILE = "/etc/standfast/standfast.yaml"
ENVIRONMENT = "/etc/standfast/environment"
_FOLDER = f"{FOLDER}/backup/systemd"


def systemd(edition: Edition) -> Iterator[Generated]:
    for turn in turns(edition.system):
        name = f"standfast-backup-{turn.store}-{turn.kind}"
        title = f"{edition.system.name}/{turn.store}: {turn.deed}"
        yield _unit(edition, f"{name}.service", _service(turn, title))
        yield _unit(edition, f"{name}.timer", _timer(turn, title))


def _unit(edition: Edition, name: str, lines: Iterator[str]) -> Generated:
    return Generated(path=f"{_FOLDER}/{name}", text=stamp(edition) + "\n".join(lines) + "\n")


def _service(turn: Turn, title: str) -> Iterator[str]:
    yield from (
        "[Unit]",
        f"Description={title}",
        "Wants=network-online.target",
        "After=network-online.target",
        "",
        "[Service]",
        "Type=oneshot",
        # PostgreSQL's programs refuse root, and the copies belong to whoever takes them.
        "User=standfast",
        f"EnvironmentFile=-{ENVIRONMENT}",
        f"ExecStart=/usr/bin/env {' '.join(turn.command)} --file {FILE}",
        "Nice=10",
        "IOSchedulingClass=idle",
        "NoNewPrivileges=yes",
        "ProtectHome=yes",
        "ProtectKernelTunables=yes",
        "RestrictSUIDSGID=yes",
    )


def _timer(turn: Turn, title: str) -> Iterator[str]:
    yield from ("[Unit]", f"Description={title}", "", "[Timer]")
    if turn.calendar:
        yield f"OnCalendar={turn.calendar}"
        # What was missed while the machine was off is made up for once.
        yield "Persistent=true"
    else:
        yield "OnActiveSec=5min"
        yield f"OnUnitActiveSec={span(turn.every)}"
    yield from ("AccuracySec=1min", "", "[Install]", "WantedBy=timers.target")
