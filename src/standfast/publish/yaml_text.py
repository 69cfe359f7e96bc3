"""YAML for programs that people read too: by libyaml where it writes the same bytes as PyYAML itself."""

from __future__ import annotations

import re
from typing import Any

import yaml

_SIGN = "[!-~\u00a1-\u1fff\u2010-\u2027\u2030-\ud7ff]"
_LINE = f"{_SIGN}(?: *{_SIGN})*"
_ALIKE = re.compile(rf"{_LINE}(?:\n *{_LINE})*")
"""Both emitters write these alike; not so emoji, control characters, or spaces at the ends of lines."""

_KEY = re.compile(r"[A-Za-z_][\w./-]{0,98}", re.ASCII)
"""Names, and the labels of Kubernetes."""


class _DoubtError(Exception):
    """A text that libyaml may write in other bytes."""


def text_of(content: object) -> str:
    """Queries of several lines as blocks; the same bytes, whichever emitter was quick enough."""
    try:
        return _dumped(content, _QUICK)
    except _DoubtError:
        return _dumped(content, _CAREFUL)


def _dumped(content: object, dumper: Any) -> str:
    text: str = yaml.dump(content, Dumper=dumper, sort_keys=False, width=100, allow_unicode=True)
    return text


def _text(dumper: yaml.SafeDumper, data: str) -> yaml.ScalarNode:
    style = "|" if "\n" in data else None
    return dumper.represent_scalar("tag:yaml.org,2002:str", data, style=style)


def _sure_text(dumper: yaml.SafeDumper, data: str) -> yaml.ScalarNode:
    if not _ALIKE.fullmatch(data):
        raise _DoubtError
    return _text(dumper, data)


def _mapping(dumper: yaml.SafeDumper, data: dict[str, object]) -> yaml.MappingNode:
    """Keys of another kind than a name are where the emitters differ most."""
    if not all(_KEY.fullmatch(key) for key in data):
        raise _DoubtError
    return dumper.represent_mapping("tag:yaml.org,2002:map", data)


class _Plain:
    """No anchors: what stands twice is written twice."""

    def ignore_aliases(self, data: object) -> bool:  # noqa: ARG002 - PyYAML's signature
        return True


_CAREFUL: Any = type("_Careful", (_Plain, yaml.SafeDumper), {})
_CAREFUL.add_representer(str, _text)
_QUICK: Any = type("_Quick", (_Plain, getattr(yaml, "CSafeDumper", yaml.SafeDumper)), {})
_QUICK.add_representer(str, _sure_text)
_QUICK.add_representer(dict, _mapping)
