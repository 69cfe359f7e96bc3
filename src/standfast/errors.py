"""Errors: what is wrong, where, and what to do about it. One class per thing a caller does differently."""

from __future__ import annotations


class StandfastError(Exception):
    """What is wrong, where, and what to do about it."""

    def __init__(self, problem: str, *, where: str = "", fix: str = "") -> None:
        self.problem, self.where, self.fix = problem, where, fix
        super().__init__(
            ": ".join(filter(None, (where, problem))) + (f"\n  fix: {fix}" if fix else "")
        )


class FileError(StandfastError):
    """A reliability file that cannot be used; carries every problem found in it, not only the first."""

    def __init__(self, problems: tuple[str, ...], *, fix: str = "") -> None:
        self.problems = problems
        super().__init__("\n".join(problems), fix=fix)


class SourceError(StandfastError):
    """A measuring source did not answer, or answered nonsense."""


class TooMuch(SourceError):
    """A measuring source gives more than is taken, so that nothing of it is."""


class NotFound(StandfastError):
    """What was asked for by name does not exist."""


class Conflict(StandfastError):
    """Somebody else was there first, or the state has moved on."""


class NotAllowed(StandfastError):
    """The caller is known, and may not do this."""


class StoreError(StandfastError):
    """The database cannot keep what it was given; nothing of it was accepted."""


class NewerDatabase(StoreError):
    """The database was written by a newer standfast than this one."""


class ToolError(StandfastError):
    """A program that standfast drives is missing, or failed."""


class Unreachable(StandfastError):
    """The standfast server that a command talks to does not answer."""


class TimedOut(StandfastError):
    """What was waited for did not happen in time."""
