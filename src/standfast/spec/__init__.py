"""The reliability file: reading it, its versions, and the System it means.

The parser and its shapes are imported at the first reading: who only wants the values pays nothing for them.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from standfast.spec.splicing import Loader
    from standfast.spec.system import System


def read(path: str, load: Loader, environment: str = "") -> System:
    """The System that the file at `path` means; `load` opens it and what it includes.

    Raises FileError with every problem found, sorted by place.
    """
    from standfast.spec.reading import read

    return read(path, load, environment)


def read_text(text: str, name: str = "standfast.yaml", environment: str = "") -> System:
    """The System of one text without includes. Raises FileError."""
    from standfast.spec.reading import read_text

    return read_text(text, name, environment)


def schema() -> dict[str, Any]:
    """The JSON Schema (draft 2020-12) of the file, for editors."""
    from standfast.spec.published import schema

    return schema()


def starting_file(name: str) -> str:
    """A commented file to start from, for a system called `name`."""
    from standfast.spec.starting import starting_file

    return starting_file(name)
