"""YAML for programs that people read too: by libyaml where it writes the same bytes as PyYAML itself."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import yaml

if TYPE_CHECKING:
    from collections.abc import Callable

_SIGN = "[!-~\u00a1-\u1fff\u2010-\u2027\u2030-\ud7ff]"
_LINE = f"{_SIGN}(?: *{_SIGN})*"
_ALIKE = re.compile(rf"{_LINE}(?:\n *{_LINE})*")
"""Both emitters write these alike; not so emoji, control characters, or spaces at the ends of lines."""

_KEY = re.compile(r"[A-Za-z_][\w./-]{0,98}", re.ASCII)
"""Names, and the labels of Kubernetes."""


class _DoubtError(Exception):
    """A text that libyaml may write in other bytes."""


_STR, _MAP, _SEQ = (f"tag:yaml.org,2002:{kind}" for kind in ("str", "map", "seq"))


def text_of(content: object) -> str:
    """Queries of several lines as blocks; the same bytes, whichever emitter was quick enough."""
    try:
        return _quick(content)
    except _DoubtError:
        return _careful(content)


def _quick(content: object) -> str:
    """By libyaml. The nodes are made here: PyYAML's own way from values to nodes takes most of its time."""
    text: str = yaml.serialize(_node(content), Dumper=_DUMPER, width=100, allow_unicode=True)
    return text


_DUMPER: Any = getattr(yaml, "CSafeDumper", yaml.SafeDumper)


def _node(value: object) -> yaml.Node:
    if isinstance(value, str):
        return _text(value)
    if isinstance(value, dict):
        if not all(_KEY.fullmatch(key) for key in value):
            raise _DoubtError  # keys of another kind than a name are where the emitters differ most
        pairs = [(yaml.ScalarNode(_STR, key), _node(one)) for key, one in value.items()]
        return yaml.MappingNode(_MAP, pairs, flow_style=False)
    if isinstance(value, list | tuple):
        return yaml.SequenceNode(_SEQ, [_node(one) for one in value], flow_style=False)
    for kind, (name, written) in _WORDS.items():
        if type(value) is kind:
            return yaml.ScalarNode(f"tag:yaml.org,2002:{name}", written(value))
    raise _DoubtError


def _decimal(value: float) -> str:
    text = repr(value)
    if not re.fullmatch(r"-?\d+\.\d+", text):
        raise _DoubtError  # an exponent, or no number at all
    return text


_WORDS: dict[type, tuple[str, Callable[[Any], str]]] = {
    bool: ("bool", lambda value: str(value).lower()),
    int: ("int", str),
    float: ("float", _decimal),
    type(None): ("null", lambda _: "null"),
}


def _text(text: str) -> yaml.Node:
    if not _ALIKE.fullmatch(text):
        raise _DoubtError
    return yaml.ScalarNode(_STR, text, style="|" if "\n" in text else None)


def _careful(content: object) -> str:
    text: str = yaml.dump(content, Dumper=_Careful, sort_keys=False, width=100, allow_unicode=True)
    return text


class _Careful(yaml.SafeDumper):
    def ignore_aliases(self, data: object) -> bool:  # noqa: ARG002 - PyYAML's signature
        """No anchors: what stands twice is written twice."""
        return True


def _block(dumper: yaml.SafeDumper, data: str) -> yaml.ScalarNode:
    style = "|" if "\n" in data else None
    return dumper.represent_scalar(_STR, data, style=style)


_Careful.add_representer(str, _block)
