"""One tree from several: included files joined by key, an environment laid over as a merge patch (RFC 7396)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

from standfast.errors import StandfastError
from standfast.spec.problem import Problem, nearest
from standfast.spec.tree import MAX_BYTES, Node, Refused, grow

if TYPE_CHECKING:
    from collections.abc import Iterator

MOST_FILES = 200
_ONCE = frozenset({"include", "environments"})


class Loader(Protocol):
    """How files come in: the room itself opens none."""

    def read(self, path: str) -> str:
        """The text of a file; raises FileError or OSError where it cannot be read."""

    def glob(self, pattern: str) -> list[str]:
        """The paths that match, sorted."""


def join(
    root: Node, path: str, loader: Loader, texts: dict[str, str], problems: list[Problem]
) -> None:
    """Add to `root` what its `include:` names; each file's text goes to `texts`."""
    listed = root.child("include")
    if listed is None or root.entries is None:
        return
    items = listed.items if listed.items is not None else [listed]
    for item in items:
        for name in _named(item, path, loader, problems):
            if name in texts:
                problems.append(_at(item, f"'{name}' is included twice", "include"))
            elif len(texts) >= MOST_FILES:
                problems.append(_at(item, f"more than {MOST_FILES} files are included", "include"))
                return
            else:
                _take(root, item, name, loader, texts, problems)


def _named(item: Node, path: str, loader: Loader, problems: list[Problem]) -> Iterator[str]:
    """The files that one entry of `include:` means, below the including file's own folder."""
    text = item.scalar
    if not isinstance(text, str) or not text:
        return  # the shape says so
    if text.startswith(("/", "\\")) or ".." in text.replace("\\", "/").split("/") or ":" in text:
        said = f"'{text}' leaves the folder of this file; include what lies beside or below it"
        problems.append(_at(item, said, "include"))
        return
    folder = path.replace("\\", "/").rpartition("/")[0]
    whole = f"{folder}/{text}" if folder else text
    if not any(sign in text for sign in "*?["):
        yield whole
        return
    found = sorted(loader.glob(whole))
    if not found:
        problems.append(_at(item, f"no file matches '{text}'", "include"))
    yield from (name for name in found if name != path)


def _take(
    root: Node,
    item: Node,
    name: str,
    loader: Loader,
    texts: dict[str, str],
    problems: list[Problem],
) -> None:
    try:
        text = loader.read(name)
    except (StandfastError, OSError, UnicodeError) as error:
        said = getattr(error, "strerror", None) or str(error).splitlines()[0]
        problems.append(_at(item, f"'{name}' cannot be read: {said}", "include"))
        return
    if sum(map(len, texts.values())) + len(text) > MAX_BYTES:
        problems.append(_at(item, f"the files hold more than {MAX_BYTES:,} characters", "include"))
        return
    texts[name] = text
    try:
        part = grow(text, name, problems)
    except Refused as refused:
        problems.append(refused.problem)
        return
    if part.entries is None:
        problems.append(
            _at(part, "an included file holds sections, as the file itself does", "syntax")
        )
        return
    for key, (mark, node) in part.entries.items():
        _section(root, key, mark, node, problems)


def _section(root: Node, key: str, mark: Node, node: Node, problems: list[Problem]) -> None:
    assert root.entries is not None  # noqa: S101 - the caller looked
    here = root.entries.get(key)
    if key in _ONCE:
        problems.append(_at(mark, f"`{key}:` stands only in the first file", key))
    elif here is None:
        root.entries[key] = (mark, node)
    elif here[1].entries is not None and node.entries is not None:
        for name, entry in node.entries.items():
            if name in here[1].entries:
                problems.append(_twice(here[1].entries[name][0], entry[0], f"{key}.{name}"))
            else:
                here[1].entries[name] = entry
    elif here[1].items is not None and node.items is not None:
        here[1].items.extend(node.items)
    elif here[1].scalar != node.scalar or key != "apiVersion":
        problems.append(_twice(here[0], mark, key))


def _twice(first: Node, second: Node, path: str) -> Problem:
    name = path.rpartition(".")[2]
    said = f"the key '{name}' is here twice; it was given first at {first.file}:{first.line}:{first.column}"
    return _at(second, said, path)


def overlay(root: Node, environment: str, problems: list[Problem]) -> None:
    """Take `environments:` out and lay the one asked for over the rest."""
    assert root.entries is not None  # noqa: S101 - the caller looked
    entry = root.entries.get("environments")
    known = entry[1].entries if entry and entry[1].entries else {}
    if not environment:
        return
    if environment not in known:
        hint = nearest(environment, known) or f"; known are {', '.join(known) or 'none'}"
        at = entry[0] if entry else root
        problems.append(_at(at, f"there is no environment '{environment}'{hint}", "environments"))
        return
    _patch(root, known[environment][1])


def _patch(base: Node, patch: Node) -> None:
    assert base.entries is not None  # noqa: S101 - mappings only
    for key, (mark, node) in (patch.entries or {}).items():
        here = base.entries.get(key)
        if node.kind == "scalar" and node.scalar is None:
            base.entries.pop(key, None)
        elif here is not None and here[1].entries is not None and node.entries is not None:
            _patch(here[1], node)
        else:
            base.entries[key] = (mark, node)


def _at(node: Node, sentence: str, path: str) -> Problem:
    return Problem(node.file, node.line, node.column, sentence, path)
