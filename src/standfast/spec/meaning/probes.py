"""How each component is asked and what its answers must be."""

from __future__ import annotations

import json
from types import MappingProxyType
from typing import TYPE_CHECKING

from standfast.spec import talks, units
from standfast.spec.asking import (
    LONGEST,
    PATIENCE,
    SHORTEST,
    Auth,
    GrpcHealth,
    Request,
    Secure,
    Step,
    Talk,
    WebSocket,
)
from standfast.spec.expectation import DnsQuestion, Expectation
from standfast.spec.terms import Bounds, Term

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import timedelta

    from standfast.spec.meaning.margin import Margin
    from standfast.spec.v1 import probes as v1
    from standfast.spec.v1.topology import ComponentShape

_NUMBERS = ("above", "at_least", "below", "at_most")
_TERMS = ("is_", "not_", "one_of", "contains", "matches", "length", *_NUMBERS)


def expectation(path: str, shape: ComponentShape, margin: Margin) -> Expectation | None:
    probe = shape.probe
    if probe is None:
        return None
    if not shape.url:
        margin.wrong(f"{path}.probe", "a probe asks a `url`, and there is none")
    elif probe.certificate is not None and not shape.url.lower().startswith("https:"):
        margin.wrong(f"{path}.probe.certificate", "only an https:// address shows a certificate")
    if shape.request is not None and shape.request.method == "HEAD":
        for key in ("contains", "lacks", "matches", "not_matches", "json_"):
            if getattr(probe, key):
                said = "the answer to HEAD has no body; ask with GET"
                margin.wrong(f"{path}.probe.{key.rstrip('_')}", said)
    return Expectation(
        status=tuple(probe.status or ()),
        contains=tuple(probe.contains or ()),
        lacks=tuple(probe.lacks or ()),
        matches=tuple(probe.matches or ()),
        not_matches=tuple(probe.not_matches or ()),
        json=_json(f"{path}.probe.json", probe.json_ or {}, margin),
        headers=MappingProxyType(dict(probe.headers or {})),
        within=probe.within,
        certificate=probe.certificate,
    )


def _json(path: str, shapes: Mapping[str, v1.TermShape], margin: Margin) -> Mapping[str, object]:
    found: dict[str, object] = {}
    for name, shape in shapes.items():
        stated = shape.model_fields_set
        if stated == {"is_"}:
            found[name] = shape.is_
            continue
        # A path has dots of its own, so that the place of the whole is what can be told.
        if not stated:
            margin.wrong(
                path, f"'{name}' states nothing: write a value, or for example {{below: 10}}"
            )
        if shape.present is False and stated & set(_TERMS):
            margin.wrong(path, f"'{name}' cannot be absent and be something at once")
        found[name] = _term(shape)
    return MappingProxyType(found)


def _term(shape: v1.TermShape) -> Term:
    one_of = (shape.is_,) if "is_" in shape.model_fields_set else tuple(shape.one_of or ())
    return Term(
        one_of=one_of,
        none_of=tuple(shape.not_ or ()),
        bounds=_bounds(shape),
        length=_bounds(shape.length),
        contains=shape.contains,
        matches=shape.matches or "",
        present=shape.present is not False,
    )


def _bounds(shape: v1.BoundsShape | None) -> Bounds | None:
    found = {key: getattr(shape, key) for key in _NUMBERS if getattr(shape, key, None) is not None}
    return Bounds(**found) if found else None


def request(path: str, shape: ComponentShape, margin: Margin) -> Request | None:
    asked = shape.request
    if asked is None:
        return None
    where = f"{path}.request"
    if not shape.url:
        margin.wrong(where, "a request is sent to a `url`, and there is none")
    elif asked.tls is not None and not shape.url.lower().startswith("https:"):
        margin.wrong(f"{where}.tls", "only an https:// address is asked by TLS")
    method = asked.method or ("GET" if asked.body is None else "POST")
    if asked.body is not None and method in ("GET", "HEAD"):
        margin.wrong(
            f"{where}.body", f"{method} has no body; write `method: POST`, or leave it out"
        )
    headers = dict(asked.headers or {})
    names = {one.lower() for one in headers}
    if asked.auth is not None and "authorization" in names:
        margin.wrong(f"{where}.auth", "`headers` has an Authorization already")
    if _is_json(asked.body) and "content-type" not in names:
        headers["Content-Type"] = "application/json"
    return Request(
        method=method,
        headers=MappingProxyType(headers),
        body=asked.body or "",
        auth=_auth(f"{where}.auth", asked.auth, margin),
        redirects=asked.redirects,
        tls=_secure(f"{where}.tls", asked.tls, margin),
    )


def _is_json(body: object) -> bool:
    """A mapping or a list of the file, or a text that is one."""
    if not isinstance(body, str) or not body.lstrip().startswith(("{", "[")):
        return False
    try:
        json.loads(body)
    except (ValueError, RecursionError):
        return False
    return True


def _auth(path: str, shape: v1.AuthShape | None, margin: Margin) -> Auth | None:
    if shape is None:
        return None
    pair = (shape.username is not None, shape.password is not None)
    if (shape.token is not None) == any(pair) or pair[0] != pair[1]:
        margin.wrong(path, "write `token`, or `username` and `password`")
    return Auth(token=shape.token, username=shape.username, password=shape.password)


def _secure(path: str, shape: v1.SecureShape | None, margin: Margin) -> Secure | None:
    if shape is None:
        return None
    if (shape.certificate is None) != (shape.key is None):
        margin.wrong(
            path, "a certificate of ours goes with its `key`: write both, as paths of files"
        )
    if shape.ca and not shape.verify:
        margin.wrong(f"{path}.ca", "nothing is trusted where nothing is verified; leave one out")
    return Secure(
        ca=shape.ca or "",
        certificate=shape.certificate or "",
        key=shape.key or "",
        name=shape.name or "",
        verify=shape.verify,
    )


def talk(path: str, shape: ComponentShape, margin: Margin) -> Talk | None:
    said = shape.talk
    if said is None:
        return None
    where = f"{path}.talk"
    if not shape.address:
        margin.wrong(where, "a talk needs an `address`, and there is none")
    if said.speaks and said.steps:
        margin.wrong(where, "write `speaks` or `steps`, not both")
    if said.starttls and said.speaks not in talks.UPGRADING:
        known = ", ".join(talks.UPGRADING)
        fault = f"STARTTLS is known of {known}; of others write it among the `steps`"
        margin.wrong(f"{where}.starttls", fault)
    native = said.speaks if said.speaks in talks.NATIVE else ""
    found = Talk(
        speaks=native or "",
        steps=_steps(where, said, margin),
        tls=_secure(f"{where}.tls", said.tls, margin),
        at_once=said.tls is not None and not _upgrades(said),
        certificate=said.certificate,
    )
    _check_talk(where, said, found, margin)
    return found


def _check_talk(where: str, said: v1.TalkShape, found: Talk, margin: Margin) -> None:
    if found.speaks and found.encrypted:
        margin.wrong(
            f"{where}.tls", f"the talk of {said.speaks} is in the clear; nothing secret is said"
        )
    elif said.certificate is not None and not found.encrypted:
        margin.wrong(f"{where}.certificate", "without `tls` or `starttls` no certificate is shown")
    if not (said.speaks or said.steps or found.encrypted):
        margin.wrong(where, "a talk says something: write `speaks`, `steps` or `tls`")


def _upgrades(said: v1.TalkShape) -> bool:
    return said.starttls or any(one.starttls for one in said.steps or ())


def _steps(where: str, said: v1.TalkShape, margin: Margin) -> tuple[Step, ...]:
    if said.speaks and said.speaks not in talks.NATIVE:
        starttls = said.starttls and said.speaks in talks.UPGRADING
        return talks.steps(said.speaks, starttls=starttls)
    found = []
    for index, one in enumerate(said.steps or ()):
        if sum((bool(one.expect), bool(one.send), bool(one.starttls))) != 1:
            margin.wrong(
                f"{where}.steps.{index}", "a step is one of `expect`, `send`, `starttls: true`"
            )
        found.append(
            Step(expect=one.expect or "", send=one.send or "", starttls=bool(one.starttls))
        )
    return tuple(found)


def websocket(path: str, shape: ComponentShape, margin: Margin) -> WebSocket | None:
    asked = shape.websocket
    if asked is None:
        return None
    where = f"{path}.websocket"
    if asked.tls is not None and not asked.url.startswith("wss:"):
        margin.wrong(f"{where}.tls", "only a wss:// address is asked by TLS")
    return WebSocket(
        url=asked.url,
        headers=MappingProxyType(dict(asked.headers or {})),
        auth=_auth(f"{where}.auth", asked.auth, margin),
        protocol=asked.protocol or "",
        send=asked.send or "",
        expect=asked.expect or "",
        tls=_secure(f"{where}.tls", asked.tls, margin),
    )


def grpc(path: str, shape: ComponentShape, margin: Margin) -> GrpcHealth | None:
    asked = shape.grpc
    if asked is None:
        return None
    return GrpcHealth(
        address=asked.address,
        service=asked.service or "",
        tls=_secure(f"{path}.grpc.tls", asked.tls, margin),
    )


def dns(shape: v1.DnsShape | None) -> DnsQuestion | None:
    if shape is None:
        return None
    return DnsQuestion(
        name=shape.name,
        type=shape.type or "A",
        expect=tuple(shape.expect or ()),
        server=shape.server or "",
    )


def patience(path: str, stated: timedelta | None, margin: Margin) -> timedelta:
    if stated is not None and not SHORTEST <= stated <= LONGEST:
        bounds = f"{units.show_duration(SHORTEST)} to {units.show_duration(LONGEST)}"
        margin.wrong(f"{path}.probe_timeout", f"a probe waits {bounds}")
    return stated or PATIENCE
