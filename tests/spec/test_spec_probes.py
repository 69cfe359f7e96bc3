"""How a component is asked, and what its answer must be, as the file says it."""

from __future__ import annotations

from datetime import timedelta

import pytest

from standfast import spec
from standfast.errors import FileError
from standfast.spec.asking import Request, Secure, Step, Talk
from standfast.spec.terms import Bounds, Term
from standfast.spec.values import SecretRef

HEAD = "system: {name: shop}\n"


def component(body: str, type_: str = "http"):
    return spec.read_text(f"{HEAD}components:\n  web: {{type: {type_}, {body}}}\n").components[
        "web"
    ]


def problems(body: str) -> str:
    with pytest.raises(FileError) as caught:
        component(body)
    return str(caught.value)


URL = "url: 'https://shop.test', "


def test_a_request_says_how_a_url_is_asked() -> None:
    found = component(
        URL + "request: {method: put, headers: {X-Api-Key: env:KEY, Accept: text/plain},"
        " body: {query: '{ up }'}, auth: {token: file:/run/t}, redirects: 0,"
        " tls: {ca: /etc/ca.pem, certificate: /c.pem, key: /k.pem, name: shop.internal}},"
        " probe_timeout: 30s"
    )

    assert found.request == Request(
        method="PUT",
        headers={
            "X-Api-Key": SecretRef(kind="env", name="KEY"),
            "Accept": "text/plain",
            "Content-Type": "application/json",
        },
        body='{"query": "{ up }"}',
        auth=found.request.auth,
        redirects=0,
        tls=Secure(ca="/etc/ca.pem", certificate="/c.pem", key="/k.pem", name="shop.internal"),
    )
    assert found.request.auth.token == SecretRef(kind="file", name="/run/t")
    assert found.probe_timeout == timedelta(seconds=30)
    assert component(URL + "request: {body: 'a=b'}").request.method == "POST"


def test_what_a_value_in_a_body_must_be_is_read_in_every_spelling() -> None:
    found = component(
        URL + "probe: {not_matches: 'Err', json: {a: 1, b: null, c: {below: 5, at_least: 0.5},"
        " d: {length: 2}, e: {length: {above: 0}}, f: {one_of: [x, y]}, g: {not: z},"
        " h: {present: false}, i: {contains: k, matches: '^v'}, j: {is: 2, present: true}}}"
    ).expect

    assert found.not_matches == ("Err",)
    assert dict(found.json) == {
        "a": 1,
        "b": None,
        "c": Term(bounds=Bounds(below=5, at_least=0.5)),
        "d": Term(length=Bounds(at_least=2, at_most=2)),
        "e": Term(length=Bounds(above=0)),
        "f": Term(one_of=("x", "y")),
        "g": Term(none_of=("z",)),
        "h": Term(present=False),
        "i": Term(contains="k", matches="^v"),
        "j": Term(one_of=(2,)),
    }


def test_a_talk_is_a_known_one_or_written_step_by_step() -> None:
    mail = component("address: 'mail.test:25', talk: {speaks: smtp, starttls: true}").talk
    own = component(
        "address: 'a.test:7', talk: {tls: {verify: false}, steps: [{send: hi}, {expect: ^yo}]}"
    )

    assert [one.send for one in mail.steps if one.send] == ["EHLO standfast.invalid", "STARTTLS"]
    assert (mail.encrypted, mail.at_once, mail.steps[-1]) == (True, False, Step(starttls=True))
    assert own.talk == Talk(
        steps=(Step(send="hi"), Step(expect="^yo")), tls=Secure(verify=False), at_once=True
    )
    assert component("address: 'db.test:5432', talk: postgres").talk == Talk(speaks="postgresql")
    assert component("address: 'c.test:6379', talk: redis").talk.steps[0] == Step(send="PING")


def test_a_socket_and_a_health_service_may_be_written_short() -> None:
    found = component("websocket: 'wss://shop.test/live', grpc: 'shop.test:50051'", "grpc")

    assert (found.websocket.url, found.grpc.address) == ("wss://shop.test/live", "shop.test:50051")
    assert found.grpc.tls is None
    assert component("grpc: {address: 'a.test:1', tls: true}").grpc.tls == Secure()
    assert found.probed


@pytest.mark.parametrize(
    ("body", "said"),
    [
        ("request: {method: GET}", "a request is sent to a `url`, and there is none"),
        (URL + "request: {method: GTE}", "unknown word 'GTE'; did you mean 'GET'?"),
        (URL + "request: {method: GET, body: x}", "GET has no body; write `method: POST`"),
        (URL + "request: {redirects: 11}", "too big"),
        (URL + "request: {headers: {'a b': c}}", "not a name of a header: 'a b'"),
        (URL + "request: {headers: {Content-Length: '3'}}", "is set by the probe itself"),
        (URL + 'request: {headers: {a: "b\\nc"}}', "text of one line is expected here"),
        (URL + "request: {auth: {}}", "write `token`, or `username` and `password`"),
        (URL + "request: {auth: {username: env:A}}", "write `token`, or `username` and `password`"),
        (URL + "request: {tls: {key: /k.pem}}", "a certificate of ours goes with its `key`"),
        (URL + "request: {tls: {ca: /c.pem, verify: false}}", "nothing is trusted where nothing"),
        ("url: 'http://a.test', request: {tls: {}}", "only an https:// address is asked by TLS"),
        (URL + "request: {method: HEAD}, probe: {contains: x}", "the answer to HEAD has no body"),
        (URL + "request: {method: HEAD}, probe: {lacks: x}", "the answer to HEAD has no body"),
        (URL + "probe: {json: {a: {}}}", "'a' states nothing"),
        (URL + "probe: {json: {a: {present: false, is: 1}}}", "cannot be absent and be something"),
        (URL + "probe: {json: {a: {belw: 1}}}", "unknown key 'belw'; did you mean 'below'?"),
        (URL + "probe: {json: {a: [1]}}", "one value is expected here"),
        (URL + "probe: {not_matches: '('}", "not a regular expression that RE2 takes"),
        ("talk: smtp", "a talk needs an `address`"),
        ("address: 'a.test:1', talk: smpt", "unknown word 'smpt'; did you mean 'smtp'?"),
        ("address: 'a.test:1', talk: {}", "a talk says something"),
        ("address: 'a.test:1', talk: {speaks: ssh, steps: [{send: x}]}", "not both"),
        ("address: 'a.test:1', talk: {speaks: ssh, starttls: true}", "STARTTLS is known of smtp"),
        ("address: 'a.test:1', talk: {speaks: ssh, certificate: 14d}", "no certificate is shown"),
        ("address: 'a.test:1', talk: {speaks: mysql, tls: true}", "the talk of mysql is in the clear"),
        ("address: 'a.test:1', talk: {steps: [{send: x, expect: y}]}", "a step is one of `expect`"),
        ("address: 'a.test:1', talk: {steps: [{expect: '('}]}", "RE2 takes"),
        ("websocket: 'https://a.test'", "does not read like wss://host/path"),
        ("websocket: {url: 'ws://a.test', tls: {}}", "only a wss:// address is asked by TLS"),
        ("grpc: nowhere", "does not read like host:port"),
        (URL + "probe_timeout: 2m", "a probe waits 100ms to 1m"),
    ],
)  # fmt: skip
def test_what_cannot_be_asked_is_told_with_its_place(body: str, said: str) -> None:
    told = problems(body)

    assert said in told
    assert ":3:" in told


@pytest.mark.parametrize(
    ("body", "path"),
    [
        ("request: {headers: {Authorization: Bearer hunter2}}", "request.headers.Authorization"),
        ("request: {headers: {X-Api-Key: hunter2}}", "request.headers.X-Api-Key"),
        ("request: {auth: {token: hunter2}}", "request.auth.token"),
        ("websocket: {url: 'wss://a.test', headers: {Cookie: a=hunter2}}", "websocket.headers.Cookie"),
    ],
)  # fmt: skip
def test_a_secret_in_the_file_is_not_kept_and_stops_the_review(body: str, path: str) -> None:
    system = spec.read_text(f"{HEAD}components:\n  web: {{type: http, {URL}{body}}}\n")

    assert "hunter2" not in repr(system)
    assert f"components.web.{path}" in system.literal_secrets
