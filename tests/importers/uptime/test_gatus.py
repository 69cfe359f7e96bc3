"""Gatus' endpoints become components that are probed alike, and what is left behind is named."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from imported_drafts import cited, draft, facts, is_taken_whole, notes
from standfast import spec
from standfast.drivers.importers.folder import Disk
from standfast.drivers.importers.gatus.importer import Gatus
from standfast.drivers.importers.source import Source
from standfast.spec.drafting.draft import Draft, Fact, NoteKind
from standfast.spec.drafting.writing import write

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path


@pytest.fixture
def read(tmp_path: Path) -> Callable[..., Draft]:
    def reading(*texts: str) -> Draft:
        files = {f"gatus-{number}.yaml": text for number, text in enumerate(texts)}
        found = draft(Gatus(), tmp_path, files)
        assert is_taken_whole(found)
        return found

    return reading


def of(found: Draft, name: str) -> dict[str, object]:
    start = f"{name}."
    return {
        key.removeprefix(start): value
        for key, value in facts(found).items()
        if key.startswith(start)
    }


SHOP = """\
endpoints:
  - name: shop
    url: https://shop.test/health
    interval: 30s
    conditions:
      - "[STATUS] == 200"
      - "[RESPONSE_TIME] < 300"
      - "[BODY].checks.db == UP"
      - "[BODY].open == true"
      - "[BODY].queue[0].size == 0"
      - "[BODY] == pat(*all is well*)"
      - "[BODY] != pat(*degraded*)"
      - "[CERTIFICATE_EXPIRATION] > 48h"
"""


def test_an_endpoint_is_a_component_that_is_asked_the_same(read: Callable[..., Draft]) -> None:
    assert of(read(SHOP), "shop") == {
        "type": "http",
        "url": "https://shop.test/health",
        "probe_every": "30s",
        "probe.status": 200,
        "probe.within": "300ms",
        "probe.json.checks.db": "UP",
        "probe.json.open": True,
        "probe.json.queue[0].size": 0,
        "probe.contains": "all is well",
        "probe.lacks": "degraded",
        "probe.certificate": "2d",
    }


def test_each_value_cites_the_line_that_says_it(read: Callable[..., Draft]) -> None:
    found = read(SHOP)
    assert cited(found, "shop.url") == ["gatus-0.yaml:3"]
    assert cited(found, "shop.probe.within") == ["gatus-0.yaml:7"]


def test_the_file_says_what_was_imported(read: Callable[..., Draft]) -> None:
    system = spec.read_text(write(read(SHOP), "shop").text)
    expected = system.components["shop"].expect
    assert expected is not None
    assert expected.json == {"checks.db": "UP", "open": True, "queue[0].size": 0}


def only(url: str, condition: str = "[CONNECTED] == true", more: str = "") -> str:
    return f"endpoints:\n  - name: x\n    url: '{url}'\n    conditions: ['{condition}']\n{more}"


@pytest.mark.parametrize(
    ("url", "said"),
    [
        ("tcp://cache.test:6379", {"type": "redis", "address": "cache.test:6379"}),
        ("icmp://host.test", {"ping": "host.test"}),
        ("icmp://[2001:db8::1]", {"ping": "2001:db8::1"}),
        ("tls://ldap.test:636", {"address": "ldap.test:636", "talk.tls": True}),
        (
            "starttls://smtp.test:587",
            {"address": "smtp.test:587", "talk.speaks": "smtp", "talk.starttls": True},
        ),
        ("ssh://git.test", {"address": "git.test:22", "talk": "ssh"}),
        ("ssh://git.test:2222", {"address": "git.test:2222", "talk": "ssh"}),
        ("wss://live.test/feed?x=1", {"websocket.url": "wss://live.test/feed?x=1"}),
        ("grpc://api.test:50051", {"type": "grpc", "grpc.address": "api.test:50051"}),
        (
            "grpcs://api.test:8443",
            {"type": "grpc", "grpc.address": "api.test:8443", "grpc.tls": True},
        ),
    ],
)
def test_a_protocol_is_probed_as_far_as_the_file_goes(
    url: str, said: dict[str, str], read: Callable[..., Draft]
) -> None:
    assert of(read(only(url)), "x") == {**said, "probe_every": "1m"}


@pytest.mark.parametrize("url", ["udp://x.test:53", "sctp://x.test:1", "x.test", "tcp://x.test"])
def test_what_nothing_can_probe_is_named_and_not_probed(
    url: str, read: Callable[..., Draft]
) -> None:
    found = read(only(url, more="    alerts: [{type: slack}]\n"))
    assert of(found, "x") == {}
    assert len(notes(found, NoteKind.UNSUPPORTED)) == 1


@pytest.mark.parametrize(
    ("url", "condition", "said"),
    [
        ("starttls://x.test:25", "[CERTIFICATE_EXPIRATION] > 48h", {"talk.certificate": "2d"}),
        ("tls://x.test:636", "[CERTIFICATE_EXPIRATION] >= 24h", {"talk.certificate": "1d"}),
        ("ws://x.test/", "[BODY] == pat(*ready*)", {"websocket.expect": r"(?s)^\s*(?:.*ready.*)\s*$"}),
        ("grpc://x.test:1", "[BODY].status == SERVING", {}),
        ("ssh://x.test", "[STATUS] == 0", {}),
    ],
)  # fmt: skip
def test_other_protocols_answer_to_conditions_too(
    url: str, condition: str, said: dict[str, str], read: Callable[..., Draft]
) -> None:
    found = read(only(url, condition))
    assert said.items() <= of(found, "x").items()
    assert not notes(found, NoteKind.UNSUPPORTED)


@pytest.mark.parametrize(
    ("url", "more"),
    [("tcp://x.test:1", "body: hello"), ("ssh://x.test", "ssh: {username: u, password: qwertyuiop}"),
     ("wss://x.test/", "client: {insecure: true}"), ("tcp://x.test:1", "client: {timeout: 5m}"),
     ("https://x.test/", "client: {proxy-url: 'http://p'}"), ("wss://x.test/", "body: '[RANDOM_STRING_5]'")],
)  # fmt: skip
def test_what_is_lost_on_the_way_is_named(url: str, more: str, read: Callable[..., Draft]) -> None:
    found = read(only(url, "[CONNECTED] == true", f"    {more}\n"))
    told = notes(found, NoteKind.UNSUPPORTED) + notes(found, NoteKind.SECRET)
    assert len(told) == 1
    assert of(found, "x")["probe_every"] == "1m"


@pytest.mark.parametrize(
    ("condition", "said"),
    [
        ("len([BODY].data) < 5", {"data.length.below": 5}),
        ("len([BODY].name) == 8", {"name.length.at_least": 8, "name.length.at_most": 8}),
        ("has([BODY].errors) == false", {"errors.present": False}),
        ("has([BODY].users) != false", {"users.present": True}),
        ("[BODY].queue <= 100", {"queue.at_most": 100}),
        ("5 < [BODY].queue", {"queue.above": 5}),
        ("[BODY].state != down", {"state.not": "down"}),
        ("[BODY].state == any(up, warm)", {"state.one_of": ("up", "warm")}),
        ("[BODY].name == pat(john*)", {"name.matches": "(?s)^john.*$"}),
    ],
)
def test_what_a_value_must_be_is_carried_over(
    condition: str, said: dict[str, object], read: Callable[..., Draft]
) -> None:
    found = read(only("https://x.test/", condition))
    asked = {key: value for key, value in of(found, "x").items() if "json" in key}
    assert asked == {f"probe.json.{key}": value for key, value in said.items()}
    assert not notes(found, NoteKind.UNSUPPORTED)


def test_several_bounds_of_one_value_stand_together(read: Callable[..., Draft]) -> None:
    text = only("https://x.test/", "[BODY].n > 1', '[BODY].n < 9', '[BODY].n < 5")
    found = read(text)
    assert of(found, "x")["probe.json.n.above"] == 1
    assert of(found, "x")["probe.json.n.below"] == 9
    assert len(notes(found, NoteKind.UNSUPPORTED)) == 1


@pytest.mark.parametrize(
    ("condition", "status"),
    [
        ("[STATUS] == 200", 200),
        ("[STATUS] < 300", "2xx"),
        ("[STATUS] <= 299", "2xx"),
        ("[STATUS] == any(200, 429)", ("200", "429")),
        ("[STATUS] == pat(2*)", "2xx"),
        ("[STATUS] < 500", ("2xx", "4xx")),
        ("[STATUS] != 500", None),
        ("200 == [STATUS]", 200),
        ("300 > [STATUS]", "2xx"),
        ("[status] == 204", 204),
        ("[CONNECTED] == true", ("2xx", "4xx", "5xx")),
    ],
)
def test_a_status_is_what_gatus_takes_for_good(
    condition: str, status: object, read: Callable[..., Draft]
) -> None:
    found = read(only("https://x.test/", condition))
    assert of(found, "x").get("probe.status") == status
    assert bool(notes(found, NoteKind.UNSUPPORTED)) == (status is None)


def test_what_the_file_does_by_itself_is_not_written(read: Callable[..., Draft]) -> None:
    found = read(only("https://x.test/", "[STATUS] < 400"))
    assert "probe.status" not in of(found, "x")
    assert not found.notes


@pytest.mark.parametrize(
    "condition",
    [
        "len([BODY]) < 5",
        "has([BODY]) == true",
        "len([BODY].name) != 8",
        "[BODY].age == [BODY].id",
        "[BODY].id == any(1, 2)",
        "[BODY].name != pat(john*)",
        "[BODY].x > high",
        "[BODY] > 5",
        "[BODY].x == null",
        "[IP] == 127.0.0.1",
        "[DOMAIN_EXPIRATION] > 720h",
        "[RESPONSE_TIME] > 5",
        "[CERTIFICATE_EXPIRATION] < 48h",
        "[CONNECTED] == false",
        "[STATUS] == fine",
        "[SOMETHING] == 1",
        "nonsense",
    ],
)
def test_a_condition_that_the_file_cannot_say_is_named(
    condition: str, read: Callable[..., Draft]
) -> None:
    found = read(only("https://x.test/", condition))
    (said,) = notes(found, NoteKind.UNSUPPORTED)
    assert said.startswith(f"the condition {condition!r} of x is not carried over: ")
    assert {key for key in of(found, "x") if key.startswith("probe.")} <= {"probe.status"}


def test_a_name_is_asked_of_its_server(read: Callable[..., Draft]) -> None:
    found = read("""\
endpoints:
  - name: zone
    url: 192.0.2.53
    dns: {query-name: shop.test., query-type: A}
    conditions: ["[BODY] == 192.0.2.7", "[DNS_RCODE] == NOERROR"]
  - name: other
    url: ns.test:53
    dns: {query-name: shop.test, query-type: MX}
    conditions: ["[DNS_RCODE] == NXDOMAIN"]
""")
    assert of(found, "zone") == {
        "dns.name": "shop.test",
        "dns.type": "A",
        "dns.server": "192.0.2.53",
        "dns.expect": ("192.0.2.7",),
        "probe_every": "1m",
    }
    assert "dns.server" not in of(found, "other")
    assert len(notes(found, NoteKind.UNSUPPORTED)) == 2


REQUEST = """\
endpoints:
  - name: x
    url: https://x.test/graph
    method: POST
    graphql: true
    body: "{ shop { open } }"
    headers: {Authorization: "Bearer ${TOKEN}", X-Api-Key: $KEY, Accept: application/json}
    client:
      timeout: 5s
      insecure: true
      ignore-redirect: true
      tls: {certificate-file: /c.pem, private-key-file: /k.pem}
    conditions: ["[STATUS] == 200"]
"""


def test_a_request_is_sent_as_gatus_sends_it(read: Callable[..., Draft]) -> None:
    found = read(REQUEST)
    assert {key: value for key, value in of(found, "x").items() if "request" in key} == {
        "request.method": "POST",
        "request.auth.token": "env:TOKEN",
        "request.headers.X-Api-Key": "env:KEY",
        "request.headers.Accept": "application/json",
        "request.body": '{"query": "{ shop { open } }"}',
        "request.redirects": 0,
        "request.tls.verify": False,
        "request.tls.certificate": "/c.pem",
        "request.tls.key": "/k.pem",
    }
    assert of(found, "x")["probe_timeout"] == "5s"
    assert not found.notes


NEEDS = {
    "method: TRACE": "the method 'TRACE'",
    "body: '{}'": "a body in a GET",
    "method: POST\n    body: 'a=${B}'": "filled in",
    "method: POST\n    body: '[ENDPOINT_NAME]'": "filled in",
    'method: POST\n    body: \'{"password": "qwertyuiop"}\'': "holds a secret",
    "headers: {Authorization: Bearer 0123456789abcdef}": "the header Authorization",
    "headers: {X-Trace: 'a ${B}'}": "a part of which is a variable",
    "headers: {Connection: close}": "which the file cannot send",
    "client: {oauth2: {client-secret: 0123456789abcdef}}": "a login (oauth2)",
    "client: {tls: {certificate-file: '${F}'}}": "whose file is a variable",
}


@pytest.mark.parametrize("more", NEEDS)
def test_what_cannot_be_sent_as_a_whole_is_not_sent_in_part(
    more: str, read: Callable[..., Draft]
) -> None:
    found = read(only("https://x.test/", "[STATUS] == 200", f"    {more}\n"))
    assert of(found, "x") == {"type": "http"}
    told = notes(found, NoteKind.UNSUPPORTED) + notes(found, NoteKind.SECRET)
    assert any(NEEDS[more] in one for one in told)
    assert "qwertyuiop" not in write(found, "x").text + "".join(told)


SECRETS = """\
alerting:
  slack: {webhook-url: "https://hooks.slack.com/services/T0/B0/qwertyuiop"}
  pagerduty: {integration-key: qwertyuiop}
  email: {from: a@shop.test, host: mail.shop.test, username: ops, password: qwertyuiop}
endpoints:
  - {name: a, url: "https://ops:qwertyuiop@a.test/", conditions: ["[STATUS] == 200"]}
  - {name: b, url: "https://b.test/?api_key=qwertyuiop", conditions: ["[STATUS] == 200"]}
  - {name: c, url: "https://c.test/", headers: {X-Api-Key: qwertyuiop}, conditions: ["[STATUS] == 200"]}
  - {name: d, url: "ssh://d.test", ssh: {password: qwertyuiop}, conditions: ["[CONNECTED] == true"]}
external-endpoints:
  - {name: e, token: qwertyuiop, heartbeat: {interval: 1h}}
"""


def test_no_secret_is_copied_and_each_is_named(read: Callable[..., Draft]) -> None:
    found = read(SECRETS)
    assert "qwertyuiop" not in write(found, "x").text
    assert not any("qwertyuiop" in one.text for one in found.notes)
    assert len(notes(found, NoteKind.SECRET)) == 9


def test_a_secret_in_the_environment_becomes_a_reference(read: Callable[..., Draft]) -> None:
    found = facts(
        read("""\
alerting:
  mattermost: {webhook-url: "${CHAT_URL}"}
  email: {from: a@shop.test, host: mail.shop.test, password: $MAIL_PASSWORD}
endpoints: []
external-endpoints: [{name: e, token: "${TOKEN}", heartbeat: {interval: 1h}}]
""")
    )
    assert found["channels.chat.url"] == "env:CHAT_URL"
    assert found["channels.email.password"] == "env:MAIL_PASSWORD"


def test_a_variable_is_named_and_never_filled_in(
    read: Callable[..., Draft], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DOMAIN", "secret.test")
    found = read(only("https://${DOMAIN}/", "[STATUS] == $CODE"))
    assert of(found, "x") == {}
    assert notes(found, NoteKind.PLACEHOLDER) == [
        "the url of x waits for the variable DOMAIN; write it under `components.x`"
    ]


def test_two_dollars_are_one(read: Callable[..., Draft]) -> None:
    found = read(only("https://x.test/$$a", "[BODY] == pat(*$$5*)"))
    assert of(found, "x")["url"] == "https://x.test/$a"
    assert of(found, "x")["probe.contains"] == "$5"


ALERTS = """\
alerting:
  slack: {webhook-url: "${S}", default-alert: {failure-threshold: 5, description: is down}}
  pagerduty: {integration-key: "${P}"}
endpoints:
  - name: shop
    url: https://shop.test/
    interval: 20s
    conditions: ["[STATUS] == 200"]
    alerts: [{type: slack}, {type: pagerduty, description: nobody can buy}]
  - name: blog
    url: https://blog.test/
    conditions: ["[STATUS] == 200"]
    alerts: [{type: slack}, {type: slack, enabled: false}]
external-endpoints:
  - {name: report, token: "${T}", heartbeat: {interval: 1d}, alerts: [{type: slack}]}
  - {name: import, token: "${T}", heartbeat: {interval: 24h}, alerts: [{type: slack}]}
"""


def test_failures_in_a_row_are_a_time_without_success(read: Callable[..., Draft]) -> None:
    found = read(ALERTS)
    said = {key: value for key, value in facts(found).items() if key.startswith("alerts.")}
    assert said == {
        "alerts.shop-down.of": "shop",
        "alerts.shop-down.when": "no successful probes for 1m",
        "alerts.shop-down.severity": "P2",
        "alerts.shop-down.summary": "nobody can buy",
        "alerts.blog-down.of": "blog",
        "alerts.blog-down.when": "no successful probes for 5m",
        "alerts.blog-down.severity": "P3",
        "alerts.blog-down.summary": "is down",
        "alerts.import-down.of": "import",
        "alerts.import-down.when": "no heartbeat for 5d",
        "alerts.import-down.severity": "P3",
        "alerts.import-down.summary": "is down",
    }
    assert of(found, "import") == {"heartbeats.import": "1d"}
    assert "an alert of blog is switched off in Gatus" in notes(found, NoteKind.SKIPPED)
    assert any("report tells by itself" in one for one in notes(found, NoteKind.UNSUPPORTED))


def test_what_all_alerts_share_may_stand_in_another_file(read: Callable[..., Draft]) -> None:
    alerting, _, rest = ALERTS.partition("endpoints:")
    found = facts(read(f"endpoints:{rest}", alerting))
    assert found["alerts.blog-down.when"] == "no successful probes for 5m"


def test_two_of_one_name_are_told_apart_by_their_groups(read: Callable[..., Draft]) -> None:
    each = "  - {{name: Front End, group: {0}, url: 'https://{0}.test/', conditions: ['[STATUS] == 200']}}\n"
    found = read("endpoints:\n" + each.format("core") + each.format("labs") + each.format("labs"))
    assert found.names("components") == ("Front-End", "labs-Front-End", "labs-Front-End-2")
    assert any("'Front End' is Front-End" in one for one in notes(found, NoteKind.DETECTED))


def test_what_other_sources_know_keeps_its_type(tmp_path: Path) -> None:
    known = Draft(facts=(Fact(path=("components", "x", "type"), value="web", places=()),))
    source = Source(path="g.yaml", text=only("https://x.test/"))
    found = Gatus().read([source], Disk(tmp_path, [tmp_path]), known)
    assert "x.type" not in facts(found)


def test_the_rest_is_named(read: Callable[..., Draft]) -> None:
    found = read("""\
ui: {title: x}
announcements: [{timestamp: 2026-01-01T00:00:00Z, message: hello}]
maintenance: {start: "23:00", duration: 1h, timezone: Europe/Berlin, every: [Monday]}
suites:
  - {name: buy, endpoints: [{name: put, url: "https://x.test/", conditions: ["[STATUS] == 200"]}]}
endpoints:
  - name: x
    enabled: false
    url: https://x.test/
    conditions: ["[STATUS] == 200"]
    maintenance-windows: [{start: "01:00", duration: 5m}]
""")
    told = [one.text for one in found.notes]
    assert any("about Gatus itself, and left: ui, announcements" in one for one in told)
    assert any("everything (23:00 for 1h, Monday, Europe/Berlin)" in one for one in told)
    assert any("maintenance of x (01:00 for 5m, every day, UTC)" in one for one in told)
    assert any("the suite buy" in one for one in told)
    assert "x is switched off in Gatus" in told


@pytest.mark.parametrize(
    ("text", "is_one"),
    [
        (SHOP, True),
        ("external-endpoints: [{name: a, token: b}]", True),
        ("alerting: {slack: {default-alert: {}}}", True),
        ('{"endpoints": [{"name": "a", "url": "b", "conditions": []}]}', True),
        ("endpoints: [{name: a, url: b}]", False),
        ("endpoints: {a: b}", False),
        ("alerting: {alertmanagers: []}\nscrape_configs: []", False),
        ("apiVersion: v1\nkind: Endpoints\nendpoints: [{conditions: {ready: true}}]", False),
    ],
)
def test_it_is_known_by_what_it_holds(text: str, is_one: bool) -> None:
    assert Gatus().claims(Source(path="config.yaml", text=text)) == is_one
