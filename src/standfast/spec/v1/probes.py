"""How components are asked and what is expected of their answers."""

from __future__ import annotations

import json
import re
from typing import Annotated, Any

from pydantic import BeforeValidator, Field, StrictFloat, StrictInt

from standfast.spec import asking, expectation, talks
from standfast.spec.terms import Plain as PlainValue
from standfast.spec.v1.shape import (
    Address,
    Count,
    Duration,
    Flag,
    Host,
    Line,
    Lines,
    Many,
    OneOf,
    Read,
    Secret,
    Shape,
    Shorthand,
    written_as,
)
from standfast.spec.values import SecretRef

Status = Annotated[str, Read(expectation.status, pattern="^[1-5]([0-9][0-9]|xx)$")]
Statuses = Annotated[list[Status], Many()]
Pattern = Annotated[str, Read(expectation.pattern, minLength=1, maxLength=500)]
Patterns = Annotated[list[Pattern], Many()]
JsonPath = Annotated[str, Read(expectation.json_path, "checks.database.status", minLength=1)]
_SECRET = re.compile(r"(env|file):(\S{1,500})", re.ASCII)
_HEADER = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]{1,100}", re.ASCII)  # a token of RFC 9110
_WS = re.compile(r"wss?://[^\s/?#]+\S*", re.ASCII)
TAKEN_OUT = "***"  # what stands in place of a secret that the file itself held


def _plain(value: object) -> object:
    if value is None or isinstance(value, str | int | float):
        return value
    raise ValueError("one value is expected here: a text, a number, true, false or null")


Plain = Annotated[
    PlainValue, Read(_plain, anyOf=[{"type": ["string", "number", "boolean", "null"]}])
]


def _referred(value: object) -> SecretRef | str | None:
    """A reference; a mark where a secret was taken out; else None."""
    if not isinstance(value, str):
        return None
    if match := _SECRET.fullmatch(value.strip()):
        return SecretRef(kind=match[1], name=match[2])
    return SecretRef(kind="literal", name="") if value == TAKEN_OUT else None


def _sent(value: object) -> SecretRef | str:
    if found := _referred(value):
        return found
    if not isinstance(value, str) or len(value) > 2000 or not value.isprintable():
        raise ValueError("text of one line is expected here, 2000 characters at most, or env:NAME")
    return value


def _name(value: object) -> str:
    text = value if isinstance(value, str) else ""
    if not _HEADER.fullmatch(text):
        raise ValueError(f"not a name of a header: '{str(value)[:80]}'")
    if text.lower() in asking.OWN_HEADERS:
        raise ValueError(f"{text} is set by the probe itself")
    return text


def _body(value: object) -> SecretRef | str:
    if found := _referred(value):
        return found
    text = json.dumps(value, ensure_ascii=False) if isinstance(value, dict | list) else value
    if not isinstance(text, str) or not text:
        raise ValueError("a body is text, or a mapping or list that is sent as JSON")
    if len(text) > asking.LONGEST_BODY:
        raise ValueError(f"a body has at most {asking.LONGEST_BODY:,} characters")
    return text


def _said(value: object) -> str:
    text = value if isinstance(value, str) else ""
    if not text or len(text) > 2000 or any(one in text for one in "\r\n\x00"):
        raise ValueError("one line is sent, without its end, 2000 characters at most")
    return text


def _websocket(value: object) -> str:
    text = value.strip() if isinstance(value, str) else ""
    if not _WS.fullmatch(text) or len(text) > 2000:
        raise ValueError(f"'{str(value)[:80]}' does not read like wss://host/path")
    return text


SentName = Annotated[str, Read(_name, "X-Api-Key", minLength=1)]
SentValue = Annotated[Any, Read(_sent, "env:SHOP_API_KEY", minLength=1)]
Headers = dict[SentName, SentValue]
Body = Annotated[Any, Read(_body, anyOf=[{"type": ["string", "object", "array"]}])]
SaidLine = Annotated[str, Read(_said, minLength=1)]
Method = Annotated[str, OneOf(*asking.METHODS, **{one.lower(): one for one in asking.METHODS})]
Number = StrictInt | StrictFloat


class BoundsShape(Shape):
    above: Number | None = None
    at_least: Number | None = None
    below: Number | None = None
    at_most: Number | None = None


def _exactly(value: object) -> object:
    return value if isinstance(value, dict) else {"at_least": value, "at_most": value}


Length = Annotated[
    BoundsShape, BeforeValidator(_exactly), Shorthand(type="integer", minimum=0)
]  # fmt: skip


class TermShape(BoundsShape):
    is_: Annotated[Plain, Field(alias="is")] = None
    not_: Annotated[list[Plain] | None, Many(), Field(alias="not")] = None
    one_of: list[Plain] | None = None
    length: Length | None = None
    contains: Plain = None
    matches: Pattern | None = None
    present: Flag | None = None


def _term(value: object) -> object:
    return value if isinstance(value, dict) else {"is": value}


Term = Annotated[
    TermShape,
    BeforeValidator(_term),
    Shorthand(type=["string", "number", "boolean", "null"]),
]


class ProbeShape(Shape):
    status: Statuses | None = None
    contains: Lines | None = None
    lacks: Lines | None = None
    matches: Patterns | None = None
    not_matches: Patterns | None = None
    json_: Annotated[dict[JsonPath, Term] | None, Field(alias="json")] = None
    headers: dict[Line, Line] | None = None
    within: Duration | None = None
    certificate: Duration | None = None


class AuthShape(Shape):
    token: Secret | None = None
    username: Secret | None = None
    password: Secret | None = None


class SecureShape(Shape):
    ca: Line | None = None
    certificate: Line | None = None
    key: Line | None = None
    name: Host | None = None
    verify: Flag = True


class RequestShape(Shape):
    method: Method | None = None
    headers: Headers | None = None
    body: Body | None = None
    auth: AuthShape | None = None
    redirects: Annotated[Count, Field(le=asking.MOST_REDIRECTS)] | None = None
    tls: SecureShape | None = None


def _tls(value: object) -> object:
    """`tls: true` trusts what the machine trusts."""
    return {True: {}, False: None}[value] if isinstance(value, bool) else value


Tls = Annotated[SecureShape | None, BeforeValidator(_tls), Shorthand(type="boolean")]


class StepShape(Shape):
    expect: Pattern | None = None
    send: SaidLine | None = None
    starttls: Flag | None = None


class TalkShape(Shape):
    speaks: Annotated[str, OneOf(*talks.SPOKEN, postgres="postgresql", mariadb="mysql")] | None = (
        None
    )
    steps: Annotated[list[StepShape], Field(max_length=asking.MOST_STEPS)] | None = None
    starttls: Flag = False
    tls: Tls = None
    certificate: Duration | None = None


TalkOrWord = Annotated[
    TalkShape, written_as("speaks"), Shorthand(enum=[*talks.SPOKEN, "postgres", "mariadb"])
]


class WebSocketShape(Shape):
    url: Annotated[str, Read(_websocket, "wss://shop.test/live", pattern="^wss?://")]
    headers: Headers | None = None
    auth: AuthShape | None = None
    protocol: SentName | None = None
    send: Line | None = None
    expect: Pattern | None = None
    tls: SecureShape | None = None


WebSocketOrUrl = Annotated[WebSocketShape, written_as("url"), Shorthand(type="string")]


class GrpcShape(Shape):
    address: Address
    service: Line | None = None
    tls: Tls = None


GrpcOrAddress = Annotated[GrpcShape, written_as("address"), Shorthand(type="string")]


class DnsShape(Shape):
    name: Host
    type: Annotated[str, OneOf(*expectation.RECORDS)] | None = None
    expect: Lines | None = None
    server: Annotated[str, Read(expectation.server, "192.0.2.53", minLength=2)] | None = None


DnsOrName = Annotated[DnsShape, written_as("name"), Shorthand(type="string")]
