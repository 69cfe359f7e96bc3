"""The answers that stand beside the reliability file, for the server."""

from __future__ import annotations

from typing import TYPE_CHECKING

from standfast.drivers.files import Files
from standfast.errors import FileError
from standfast.review.feedback_file import beside, read

if TYPE_CHECKING:
    from collections.abc import Callable

    from standfast.review.feedback import Reply


def answers_of(file: str) -> Callable[[], tuple[Reply, ...]]:
    """A reader of the file of answers; none where there is no such file."""
    name = beside(file)

    def answers() -> tuple[Reply, ...]:
        try:
            return read(Files().read(name), name)
        except FileNotFoundError:
            return ()
        except (OSError, UnicodeError) as error:
            said = getattr(error, "strerror", None) or "not UTF-8 text"
            raise FileError(
                (f"{name}:1:1: error: the file cannot be read: {said}  [file]",)
            ) from error

    return answers
