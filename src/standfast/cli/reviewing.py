"""What the commands around a review share: the file, the day, the answers beside it."""

from __future__ import annotations

import sys
from datetime import UTC, datetime, time
from typing import TYPE_CHECKING, NoReturn

from standfast import spec
from standfast.app.answers import answers_of
from standfast.app.files import Files
from standfast.app.sources import changes
from standfast.cli import printed
from standfast.errors import FileError
from standfast.review import Measured, examine
from standfast_kit.clock import utc_now

if TYPE_CHECKING:
    from pathlib import Path

    from standfast.review import Review
    from standfast.review.feedback import Reply
    from standfast.spec.system import System

INVALID = 2


def system_of(file: Path) -> System:
    """The System, or the end of the command with every error of the file."""
    try:
        return spec.read(str(file), Files())
    except FileError as error:
        refuse(error)


def refuse(error: FileError) -> NoReturn:
    printed.say("\n".join(error.problems), keep="\n", err=True)
    if error.fix:
        printed.say(f"  fix: {error.fix}", err=True)
    sys.exit(INVALID)


def instant(as_of: datetime | None) -> datetime:
    """Noon of the day asked for, or now."""
    return utc_now() if as_of is None else datetime.combine(as_of.date(), time(12), UTC)


def reviewed(system: System, file: Path, now: datetime) -> Review:
    """By the file alone, and by whether what it was imported from has changed."""
    return examine(system, Measured(sources=changes(system, str(file))), now)


def answers_beside(file: Path) -> tuple[Reply, ...]:
    """What was answered, in the order of the file; nothing where there is no such file yet."""
    try:
        return answers_of(str(file))()
    except FileError as error:
        refuse(error)
