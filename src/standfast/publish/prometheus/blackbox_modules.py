"""What the blackbox exporter is told of one component, and what it cannot be told."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from standfast.publish.markdown import span
from standfast.spec.asking import Request
from standfast.spec.expectation import Expectation
from standfast.spec.values import SecretRef

if TYPE_CHECKING:
    from collections.abc import Iterator

    from standfast.spec.asking import GrpcHealth, Secure, Step, Talk
    from standfast.spec.expectation import DnsQuestion
    from standfast.spec.system import Component


def modules_of(component: Component) -> dict[str, dict[str, object]]:
    found: dict[str, dict[str, object]] = {}
    if component.expect or component.request:
        secure = (component.url or "").lower().startswith("https:")
        asked = {**_request(component), **_expected(component.expect or Expectation())}
        if secure:
            asked["fail_if_not_ssl"] = True
        found[f"http-{component.name}"] = {"prober": "http", "http": asked}
    if component.talk and not component.talk.speaks:
        found[f"tcp-{component.name}"] = {"prober": "tcp", "tcp": _talk(component.talk)}
    if component.grpc:
        found[f"grpc-{component.name}"] = {"prober": "grpc", "grpc": _grpc(component.grpc)}
    if component.dns:
        found[f"dns-{component.name}"] = {"prober": "dns", "dns": _dns(component.dns)}
    return {name: {"timeout": span(component.probe_timeout), **one} for name, one in found.items()}


def untold(component: Component) -> Iterator[str]:
    """What the exporter cannot be told of a component."""
    if component.url:
        yield from secrets(component)
        expected = component.expect or Expectation()
        told = {
            "json": expected.json,
            "within": expected.within,
            "certificate": expected.certificate,
        }
        yield from (f"`probe.{name}`" for name, one in told.items() if one)
    if component.talk:
        if component.talk.speaks:
            yield f"the greeting of {component.talk.speaks}: only that the port is open"
        if component.talk.certificate:
            yield "`talk.certificate`"
    if component.websocket:
        yield "`websocket`, which it does not ask at all"
    if component.dns and not component.dns.server:
        yield "`dns` without a `server`, which it does not ask at all"


def secrets(component: Component) -> Iterator[str]:
    """Without them its answer would be another one, so that the address is not asked at all."""
    request = component.request
    if request is None:
        return
    held = [f"header {name}" for name, one in request.headers.items() if isinstance(one, SecretRef)]
    if isinstance(request.body, SecretRef):
        held.append("body")
    token = request.auth.token if request.auth else None
    if request.auth and (token is None or token.kind != "file"):
        held.append("authentication")
    yield from (f"the {one}, a secret: `url` is not asked at all" for one in held)


def _request(component: Component) -> dict[str, object]:
    request, expected = component.request or Request(), component.expect or Expectation()
    follows = expected.redirected if request.redirects is None else request.redirects > 0
    asked: dict[str, object] = {"method": request.method, "follow_redirects": follows}
    if request.headers:
        asked["headers"] = {name: str(value) for name, value in request.headers.items()}
    if request.body:
        asked["body"] = str(request.body)
    if request.auth and request.auth.token:
        asked["authorization"] = {"credentials_file": request.auth.token.name}
    if request.tls:
        asked["tls_config"] = _tls(request.tls)
    return asked


def _expected(expected: Expectation) -> dict[str, object]:
    """Of JSON, of a time and of days left it knows nothing."""
    asked: dict[str, object] = {}
    if expected.status:
        asked["valid_status_codes"] = [code for one in expected.status for code in _codes(one)]
    if wanted := [*map(re.escape, expected.contains), *expected.matches]:
        asked["fail_if_body_not_matches_regexp"] = wanted
    if unwanted := [*map(re.escape, expected.lacks), *expected.not_matches]:
        asked["fail_if_body_matches_regexp"] = unwanted
    if expected.headers:
        asked["fail_if_header_not_matches"] = [
            {"header": name, "regexp": f"(?i){re.escape(text)}"}
            for name, text in expected.headers.items()
        ]
    return asked


def _talk(talk: Talk) -> dict[str, object]:
    asked: dict[str, object] = {}
    if talk.steps:
        asked["query_response"] = [_step(one) for one in talk.steps]
    if talk.at_once:
        asked["tls"] = True
    if talk.encrypted and talk.tls:
        asked["tls_config"] = _tls(talk.tls)
    return asked


def _step(step: Step) -> dict[str, object]:
    if step.starttls:
        return {"starttls": True}
    # The exporter ends what it sends by a line feed of its own.
    return {"send": f"{step.send}\r"} if step.send else {"expect": step.expect}


def _grpc(health: GrpcHealth) -> dict[str, object]:
    asked: dict[str, object] = {"service": health.service} if health.service else {}
    if health.tls:
        asked |= {"tls": True, "tls_config": _tls(health.tls)}
    return asked


def _tls(secure: Secure) -> dict[str, object]:
    found: dict[str, object] = {
        "ca_file": secure.ca,
        "cert_file": secure.certificate,
        "key_file": secure.key,
        "server_name": secure.name,
        "insecure_skip_verify": not secure.verify,
    }
    return {name: one for name, one in found.items() if one}


def _codes(status: str) -> list[int]:
    first = int(status.replace("x", "0"))
    return list(range(first, first + 100)) if "x" in status else [first]


def _dns(question: DnsQuestion) -> dict[str, object]:
    asked: dict[str, object] = {"query_name": question.name, "query_type": question.type}
    if question.expect:
        each = "|".join(re.escape(one.rstrip(".")) for one in question.expect)
        # An answer reads `shop.test. 60 IN A 192.0.2.1`; names end in a dot, texts stand in quotes.
        asked["validate_answer_rrs"] = {
            "fail_if_not_matches_regexp": [rf'(?i)[\s"](?:{each})\.?"?$']
        }
    return asked
