"""What the file expects of an answer: of a URL and of a name."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from ipaddress import ip_address
from typing import TYPE_CHECKING

import re2

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import timedelta

RECORDS = ("A", "AAAA", "CAA", "CNAME", "MX", "NS", "PTR", "SOA", "SRV", "TXT")
LONGEST_PATTERN = 500
_STATUS = re.compile(r"[1-5](?:\d\d|xx)", re.ASCII)
_PART = r"[^.\[\]$\s]{1,200}"
_PATH = re.compile(
    rf"(?:\$|\$\.{_PART}|{_PART}|(?:\$)?\[\d{{1,6}}\])(?:\.{_PART}|\[\d{{1,6}}\])*", re.ASCII
)
_STEP = re.compile(r"\.?([^.\[\]]+)|\[(\d{1,6})\]", re.ASCII)


@dataclass(frozen=True, slots=True, kw_only=True)
class Expectation:
    """Of the answer of a `url`; what is empty is not asked for, but that the status is under 400."""

    status: tuple[str, ...] = ()  # "204", "2xx"
    contains: tuple[str, ...] = ()
    lacks: tuple[str, ...] = ()
    matches: tuple[str, ...] = ()  # regular expressions as RE2 reads them
    not_matches: tuple[str, ...] = ()
    json: Mapping[str, object] = field(default_factory=dict)  # path -> value, or Term
    headers: Mapping[str, str] = field(default_factory=dict)  # name -> text in it
    within: timedelta | None = None
    certificate: timedelta | None = None  # good for so long at least

    @property
    def redirected(self) -> bool:
        """Is a redirect followed? Not where one is what is expected."""
        return not any(one.startswith("3") for one in self.status)


@dataclass(frozen=True, slots=True, kw_only=True)
class DnsQuestion:
    name: str
    type: str = "A"
    expect: tuple[str, ...] = ()  # exactly these, in any order; empty: any answer
    server: str = ""  # IP or IP:port; "" is the machine's own


def status(value: object) -> str:
    """ "2xx" or a code. Raises ValueError."""
    text = str(value).lower() if isinstance(value, str | int) and value is not True else ""
    if not _STATUS.fullmatch(text):
        raise ValueError(f"not a status: '{value}'; write for example 200 or 2xx")
    return text


def pattern(value: object) -> str:
    """A regular expression that RE2 takes. Raises ValueError with what RE2 says."""
    text = value if isinstance(value, str) else ""
    if not text or len(text) > LONGEST_PATTERN:
        raise ValueError(f"a regular expression has 1 to {LONGEST_PATTERN} characters")
    options = re2.Options()
    options.log_errors = False
    try:
        re2.compile(text, options)
    except re2.error as error:
        said = error.args[0] if error.args else error
        words = said.decode("utf-8", "replace") if isinstance(said, bytes) else str(said)
        raise ValueError(
            f"not a regular expression that RE2 takes: {words}; look-around and back-references are not"
            " known to it, so that no page can make it take for ever"
        ) from error
    return text


def json_path(value: object) -> str:
    """ "checks.database.status" or "$.items[0].id". Raises ValueError."""
    text = value if isinstance(value, str) else ""
    if len(text) > LONGEST_PATTERN or not _PATH.fullmatch(text):
        raise ValueError(f"not a path: '{value}'; write for example checks.database.status")
    return text


def steps(path: str) -> tuple[str | int, ...]:
    """The keys and indices of a path, from the outside in."""
    found = _STEP.findall(path.removeprefix("$"))
    return tuple(int(number) if number else name for name, number in found)


def server(value: object) -> str:
    """An IP address, with a port where it is not 53. Raises ValueError."""
    text = value if isinstance(value, str) else ""
    host, port = endpoint(text)
    try:
        ip_address(host)
    except ValueError:
        port = 0
    if not 0 < port < 65_536:
        raise ValueError(f"not a DNS server: '{value}'; write its IP address, or IP:port")
    return text


def endpoint(text: str) -> tuple[str, int]:
    """Address and port of "192.0.2.1", "192.0.2.1:5353", "2001:db8::1" or "[2001:db8::1]:5353"."""
    if text.startswith("[") or text.count(":") == 1:
        host, _, port = text.rpartition(":")
        return host.strip("[]"), int(port) if port.isdigit() else 0
    return text, 53
