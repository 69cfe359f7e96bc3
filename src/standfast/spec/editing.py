"""Changing one entry of a list in somebody's YAML file: every other character stays as it is.

A round trip through a parser would move comments and fold lines. Here the parser only says where things
stand; the text is cut there, and the outcome is read again and compared before anybody gets it.
"""

from __future__ import annotations

import json
import re
from datetime import datetime
from typing import TYPE_CHECKING, Any

import yaml

from standfast.errors import StandfastError

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    Entries = Sequence[Mapping[str, str]]

WIDEST = 110  # columns of an entry in braces, where nothing else of the list shows the style
_PLAIN = re.compile(r"[A-Za-z0-9][\w./+@%-]*(?: [\w./+@%()-]+)*")
_TAKEN = re.compile(
    r"~|null|true|false|yes|no|on|off|y|n|[-+]?[0-9][0-9_,.:eE+-]*|0[xob].*|\.(inf|nan)",
    re.IGNORECASE,
)
_DATE = re.compile(r"\d{4}-\d{2}-\d{2}(?:T\d{2}:\d{2}:\d{2}Z)?")


def append(text: str, key: str, *entries: Mapping[str, str], flow: bool | None = None) -> str:
    """`text` with `entries` at the end of the top-level list `key`, which is begun where it is missing.

    `flow` is the style of an entry where no other shows it: in braces, or one line for each field.
    """
    root = _compose(text)
    listed = _child(root, key)
    if listed is None:
        after = _begun(text, root, key, entries, flow)
    elif isinstance(listed, yaml.SequenceNode):
        after = _added(text, listed, entries, flow)
    else:  # `key:` with nothing after it
        after = _inserted(text, listed.end_mark.index, _block(entries, 2 + _column(root), flow))
    return _checked(text, after, key, lambda before: [*before, *map(dict, entries)])


def replace(text: str, key: str, index: int, entry: Mapping[str, str]) -> str:
    """`text` with another entry at one place of the list."""
    listed = _child(_compose(text), key)
    assert isinstance(listed, yaml.SequenceNode)  # noqa: S101 - the caller has read the entry
    item = listed.value[index]
    new = _braces(entry) if item.flow_style else _lines(entry, item.start_mark.column)
    end = len(text[: _end(item)].rstrip())  # a folded text's own end is that of its blank lines
    after = text[: item.start_mark.index] + new + text[end:]
    return _checked(
        text, after, key, lambda before: [*before[:index], dict(entry), *before[index + 1 :]]
    )


def _compose(text: str) -> Any:
    root = yaml.compose(text, Loader=_LOADER) if text.strip() else None
    if root is not None and not isinstance(root, yaml.MappingNode):
        raise StandfastError("this file is no mapping; it cannot be added to")
    return root


def _child(root: Any, key: str) -> Any:
    return next((value for name, value in root.value if name.value == key), None) if root else None


def _begun(text: str, root: Any, key: str, entries: Entries, flow: bool | None) -> str:
    if root is not None and root.flow_style:
        cut = root.end_mark.index - 1
        comma = ", " if root.value else ""
        row = _row(entries, ", ", json_only=True)
        return f"{text[:cut].rstrip()}{comma}{json.dumps(key)}: [{row}]{text[cut:]}"
    margin = _column(root)
    head = text if not text or text.endswith("\n") else f"{text}\n"
    gap = "\n" if root is not None else ""
    return f"{head}{gap}{' ' * margin}{key}:\n{_block(entries, margin + 2, flow)}"


def _added(text: str, listed: Any, entries: Entries, flow: bool | None) -> str:
    last = listed.value[-1] if listed.value else None
    if listed.flow_style:
        strict = text.lstrip().startswith("{")
        if last is None:
            cut = listed.end_mark.index - 1
            return text[:cut] + _row(entries, ", ", json_only=strict) + text[cut:]
        cut, apart = last.end_mark.index, " "
        if last.start_mark.line > listed.start_mark.line:
            apart = "\n" + " " * last.start_mark.column
        return f"{text[:cut]},{apart}{_row(entries, f',{apart}', json_only=strict)}{text[cut:]}"
    style = bool(last.flow_style) if isinstance(last, yaml.MappingNode) else flow
    return _inserted(text, _end(last), _block(entries, listed.start_mark.column, style))


def _inserted(text: str, index: int, block: str) -> str:
    """After the line on which `index` stands."""
    if index and text[index - 1] == "\n":  # a text of several lines ends where the next line begins
        return text[:index] + block + text[index:]
    cut = text.find("\n", index)
    if cut < 0:
        return f"{text}\n{block}"
    return text[: cut + 1] + block + text[cut + 1 :]


def _end(node: Any) -> int:
    """Where a node's own text ends; the parser's mark stands behind the comments that follow."""
    while isinstance(node, yaml.CollectionNode) and not node.flow_style and node.value:
        last = node.value[-1]
        node = last[1] if isinstance(last, tuple) else last
    index: int = node.end_mark.index
    return index


def _column(root: Any) -> int:
    return root.start_mark.column if root is not None else 0


def _block(entries: Entries, margin: int, flow: bool | None) -> str:
    return "".join(_item(entry, margin, flow) for entry in entries)


def _item(entry: Mapping[str, str], margin: int, flow: bool | None) -> str:
    braces = _braces(entry)
    if flow or (flow is None and margin + len(braces) + 2 <= WIDEST):
        return f"{' ' * margin}- {braces}\n"
    return f"{' ' * margin}- {_lines(entry, margin + 2)}\n"


def _row(entries: Entries, between: str, *, json_only: bool) -> str:
    return between.join(_braces(entry, json_only=json_only) for entry in entries)


def _lines(entry: Mapping[str, str], margin: int) -> str:
    return f"\n{' ' * margin}".join(f"{key}: {scalar(value)}" for key, value in entry.items())


def _braces(entry: Mapping[str, str], *, json_only: bool = False) -> str:
    if json_only:
        return json.dumps(dict(entry), ensure_ascii=False)
    return "{" + ", ".join(f"{key}: {scalar(value)}" for key, value in entry.items()) + "}"


def scalar(text: str) -> str:
    """As plain text where every reader of YAML takes it for the same text, else in quotes."""
    if _dated(text) or (_PLAIN.fullmatch(text) and not _TAKEN.fullmatch(text)):
        return text
    return json.dumps(text, ensure_ascii=False)


def _dated(text: str) -> bool:
    """A day or an instant in UTC; one that no calendar has would trip other readers."""
    try:
        return bool(_DATE.fullmatch(text) and datetime.fromisoformat(text))
    except ValueError:
        return False


def _checked(before: str, after: str, key: str, change: Callable[[list[Any]], list[Any]]) -> str:
    """The outcome, if it says what it should and nothing else."""
    wanted = _data(before) or {}
    wanted[key] = change(list(wanted.get(key) or []))
    try:
        came = _data(after)
    except yaml.YAMLError:
        came = None
    if came != wanted:
        new = [one for one in wanted[key] if isinstance(one, dict)][-1:]
        raise StandfastError(
            f"this file is written in a way that I cannot add to `{key}:` without moving something",
            fix=f"add it by hand:\n{_block(new, 2, None).rstrip()}",
        )
    return after


def _data(text: str) -> Any:
    return yaml.load(text, Loader=_BASE)  # noqa: S506 - the base loader makes text only


_LOADER: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
_BASE: Any = getattr(yaml, "CBaseLoader", yaml.BaseLoader)
