"""Reading a reliability file: text to tree, tree to shape, shape to System; every problem at once."""

from __future__ import annotations

import hashlib
import posixpath
from dataclasses import dataclass, replace
from types import MappingProxyType
from typing import TYPE_CHECKING

from pydantic import ValidationError

from standfast.errors import FileError, StandfastError
from standfast.spec.complaint import complaints
from standfast.spec.drafting.record import BadRecord, Record, confirmed, name_of
from standfast.spec.drafting.record import read as read_record
from standfast.spec.meaning.margin import Margin
from standfast.spec.meaning.system import mean
from standfast.spec.problem import Problem, failure
from standfast.spec.secrets import take_out
from standfast.spec.splicing import Loader, join, overlay
from standfast.spec.tree import Node, Refused, grow
from standfast.spec.v1.file import FileShape
from standfast.spec.values import Place

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from standfast.spec.system import System


def read(path: str, load: Loader, environment: str = "") -> System:
    """The System that the file at `path` means, with the overlay of `environment` if one is named.

    Raises FileError with every problem found, sorted by place.
    """
    try:
        text = load.read(path)
    except FileError:
        raise
    except (StandfastError, OSError, UnicodeError) as error:
        said = _unread(error)
        problem = f"{path}:1:1: error: the file cannot be read: {said}  [file]"
        gone = isinstance(error, FileNotFoundError)
        fix = "`standfast init` writes a starting file" if gone else "name a reliability file"
        raise FileError((problem,), fix=fix) from error
    return _read(path, text, load, environment)


def _unread(error: Exception) -> str:
    if isinstance(error, UnicodeError):
        return "it is no UTF-8 text"
    return getattr(error, "strerror", None) or str(error).splitlines()[0]


class _Nothing:
    """The loader of a text that stands alone."""

    def read(self, path: str) -> str:
        raise FileNotFoundError(2, "there are no other files", path)

    def glob(self, pattern: str) -> list[str]:
        del pattern
        return []


def read_text(text: str, name: str = "standfast.yaml", environment: str = "") -> System:
    """The System of one text without includes."""
    return _read(name, text, _Nothing(), environment)


def mistakes(text: str, name: str = "standfast.yaml") -> tuple[Problem, ...]:
    """Everything that is wrong with a text that stands alone, as values rather than sentences."""
    return _understood(name, text, _Nothing(), "").problems


@dataclass(frozen=True, slots=True, kw_only=True)
class _Understood:
    system: System | None
    problems: tuple[Problem, ...]
    texts: Mapping[str, str]


def _read(path: str, text: str, load: Loader, environment: str) -> System:
    found = _understood(path, text, load, environment)
    if found.system is None or found.problems:
        raise failure(found.problems, found.texts, path)
    return found.system


def _understood(path: str, text: str, load: Loader, environment: str) -> _Understood:
    texts, problems = {path: text}, list[Problem]()
    try:
        root = grow(text, path, problems)
        _mapping(root)
        join(root, path, load, texts, problems)
        overlay(root, environment, problems)
    except Refused as refused:
        return _Understood(system=None, problems=(*problems, refused.problem), texts=texts)
    record = _record(path, load, problems)
    imported = confirmed(record, root) if record is not None else frozenset()
    secrets = take_out(root)
    shape = _shape(root, problems)
    if shape is None:
        return _Understood(system=None, problems=tuple(problems), texts=texts)
    margin, places = Margin(), MappingProxyType(dict(_places(root, "")))
    system = mean(
        shape,
        margin,
        digest=_digest(texts, path, environment),
        environment=environment,
        places=places,
        literal_secrets=secrets,
    )
    if record is not None:
        system = replace(system, imported=imported, sources=MappingProxyType(dict(record.sources)))
    problems += (_problem(root, dotted, sentence) for dotted, sentence in margin.mistakes)
    return _Understood(system=system, problems=tuple(problems), texts=texts)


def _record(path: str, load: Loader, problems: list[Problem]) -> Record | None:
    """What the last import read, where there was one; it lies beside the file."""
    name = name_of(path)
    try:
        text = load.read(name)
    except (StandfastError, OSError, UnicodeError):
        return None
    try:
        return read_record(text, name)
    except BadRecord as error:
        problems.append(error.problem)
        return None


def joined(path: str, text: str, load: Loader) -> Node:
    """The tree of a file with what it includes; raises FileError where it has mistakes."""
    texts, problems = {path: text}, list[Problem]()
    try:
        root = grow(text, path, problems)
        _mapping(root)
        join(root, path, load, texts, problems)
    except Refused as refused:
        raise failure([*problems, refused.problem], texts, path) from None
    if problems:
        raise failure(problems, texts, path)
    return root


def wrong_with(path: str, text: str, load: Loader) -> tuple[Problem, ...]:
    """Everything that would be wrong if `text` stood at `path`."""
    return _understood(path, text, load, "").problems


def _mapping(root: Node) -> None:
    if root.entries is None:
        said = "a file is a mapping: it begins with `system:` and `components:`"
        raise Refused(Problem(root.file, root.line, root.column, said, "syntax"))


def _shape(root: Node, problems: list[Problem]) -> FileShape | None:
    try:
        return FileShape.model_validate(root.data())
    except ValidationError as error:
        problems += complaints(error, FileShape, root)
        return None


def _digest(texts: Mapping[str, str], root: str, environment: str) -> str:
    """Of every file's text and its name as seen from the first one, wherever that was opened from.

    Lengths come first, so that no two sets of files look the same.
    """
    folder = posixpath.dirname(root) or "."
    named = sorted(
        ("" if name == root else posixpath.relpath(name, folder), text)
        for name, text in texts.items()
    )
    digest = hashlib.sha256()
    for part in (environment, *(piece for item in named for piece in item)):
        raw = part.encode()
        digest.update(len(raw).to_bytes(8, "big") + raw)
    return digest.hexdigest()


def _places(node: Node, path: str) -> Iterator[tuple[str, Place]]:
    if node.entries is not None:
        for name, (key, value) in node.entries.items():
            dotted = f"{path}.{name}" if path else name
            if dotted == "environments":
                continue
            yield dotted, Place(file=key.file, line=key.line, column=key.column)
            yield from _places(value, dotted)
    for index, item in enumerate(node.items or ()):
        dotted = f"{path}.{index}"
        yield dotted, Place(file=item.file, line=item.line, column=item.column)
        yield from _places(item, dotted)


def _problem(root: Node, dotted: str, sentence: str) -> Problem:
    """Placed at the value that `dotted` leads to, or at the nearest thing above it."""
    node, rest = root, dotted
    while rest and node.kind != "scalar":
        step, found = _next(node, rest)
        if found is None:
            break
        node, rest = found, rest[len(step) + 1 :]
    return Problem(node.file, node.line, node.column, sentence, dotted)


def _next(node: Node, rest: str) -> tuple[str, Node | None]:
    if node.items is not None:
        step = rest.partition(".")[0]
        many = len(node.items)
        return step, node.items[int(step)] if step.isdigit() and int(step) < many else None
    for name, (_, value) in (node.entries or {}).items():
        if rest == name or rest.startswith(f"{name}."):
            return name, value
    return "", None
