# ruff: noqa: E501 - files and messages stand here as they are read
"""Reading whole files: what they mean, what is assumed, what is refused and where."""

from __future__ import annotations

import json
import time
from datetime import timedelta
from fractions import Fraction
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from standfast import spec
from standfast.errors import FileError
from standfast.spec.condition import Absence, Expr
from standfast.spec.tree import resolve
from standfast.spec.values import Sev, Severity

HEAD = "system: {name: shop}\n"
WEB = HEAD + "components:\n  web: {type: http, url: https://web.shop.test}\n"


class Files(dict[str, str]):
    """Files in memory, as a loader shows them."""

    def read(self, path: str) -> str:
        try:
            return self[path]
        except KeyError:
            raise FileNotFoundError(2, "no such file", path) from None

    def glob(self, pattern: str) -> list[str]:
        import fnmatch

        return sorted(fnmatch.filter(self, pattern))


def problems(text: str) -> str:
    with pytest.raises(FileError) as caught:
        spec.read_text(text)
    return "\n".join(caught.value.problems)


GOLDEN = {
    "unknown key": (
        WEB + "  api:\n    type: http\n    onwer: storefront\n",
        ("standfast.yaml:6:5: error: unknown key 'onwer'; did you mean 'owner'?  [components.api.onwer]\n"
        "      6 |     onwer: storefront\n"
        "        |     ^"),
    ),
    "percentage": (
        WEB + "service_levels:\n  up: {of: web, sli: availability, slo: 99.9}\n",
        ("standfast.yaml:5:41: error: write a percentage with its sign: \"99.9%\"  [service_levels.up.slo]\n"
        "      5 |   up: {of: web, sli: availability, slo: 99.9}\n"
        "        |                                         ^"),
    ),
    "duration": (
        WEB + "data:\n  orders: {store: web, rpo: 5 min}\n",
        ("standfast.yaml:5:29: error: not a duration: '5 min'; write for example 30s, 5m, 1h30m, 7d  [data.orders.rpo]\n"
        "      5 |   orders: {store: web, rpo: 5 min}\n"
        "        |                             ^"),
    ),
    "syntax": (
        "system: {name: shop,\n  x: [}\n",
        ("standfast.yaml:2:7: error: expected node content  [syntax]\n"
        "      2 |   x: [}\n"
        "        |       ^"),
    ),
    "word": (
        WEB + "alerts:\n  a: {of: web, when: no requests for 1m, severity: P9}\n",
        ("standfast.yaml:5:52: error: unknown word 'P9'; write one of P1, P2, P3, P4  [alerts.a.severity]\n"
        "      5 |   a: {of: web, when: no requests for 1m, severity: P9}\n"
        "        |                                                    ^"),
    ),
    "reference": (
        WEB.replace("shop.test}", "shop.test, needs: {dbb: hard}}") + "  db: {type: postgresql}\n",
        ("standfast.yaml:3:62: error: there is no component 'dbb'; did you mean 'db'?  [components.web.needs.dbb]\n"
        "      3 |   web: {type: http, url: https://web.shop.test, needs: {dbb: hard}}\n"
        "        |                                                              ^"),
    ),
    "missing": (
        HEAD + "components:\n  web: {owner: x}\n",
        ("standfast.yaml:3:8: error: 'type' is missing in web  [components.web.type]\n"
        "      3 |   web: {owner: x}\n"
        "        |        ^"),
    ),
    "duplicate": (
        WEB + "  web: {type: web}\n",
        ("standfast.yaml:4:3: error: the key 'web' is here twice; it was given first on line 3  [components.web]\n"
        "      4 |   web: {type: web}\n"
        "        |   ^"),
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", GOLDEN)
def test_an_error_says_what_where_and_how_to_mend_it(name: str) -> None:
    text, expected = GOLDEN[name]
    assert problems(text) == expected


def test_all_errors_come_at_once_in_the_order_of_the_file() -> None:
    text = WEB + "  api: {type: htp}\nalerts:\n  x: {of: web, when: eror rate > 5%, severity: P1}\n"
    text += "data:\n  a: {store: web, rto: 5}\nlocations: []\n"
    found = problems(text)
    lines = [
        int(line.split(":")[1]) for line in found.splitlines() if line.startswith("standfast.yaml")
    ]
    assert lines == sorted(lines)
    assert len(lines) == 3
    assert "did you mean 'http'?" in found


@pytest.mark.parametrize(
    "text",
    [
        "12:30",
        "on",
        "off",
        "yes",
        "no",
        "014",
        "1_000",
        "0x1f",
        "2026-10-14",
        ".5",
        "+49301",
        "1e3",
        "True",
    ],
)
def test_scalars_that_other_readers_change_stay_text(text: str) -> None:
    assert resolve(text) == text


def test_keys_are_text_whatever_they_look_like() -> None:
    found = spec.read_text(
        WEB + "degradation:\n  on: {do: x, users_see: y}\n  12: {do: x, users_see: y}\n"
    )
    assert [one.scenario for one in found.degradations] == ["on", "12"]


def test_the_four_line_file_is_valid_and_says_what_it_assumes() -> None:
    system = spec.read_text(
        "system: {name: blog}\ncomponents:\n"
        "  web: {type: http, url: https://blog.shop.test, needs: {db: hard}}\n  db: {type: postgresql}\n"
    )
    said = [str(one) for one in system.assumptions]
    assert [one.id for one in system.assumptions] == [f"A-{n:02}" for n in range(1, len(said) + 1)]
    assert any(
        "SLO for web assumed 99.5% over 30d because criticality is medium; write `service_levels:` to change"
        in one
        for one in said
    )
    assert system.service_levels["web-availability"].bad_codes == ("5xx", "timeout")
    assert system.on_call == {}
    assert isinstance(system.alerts["web-down"].when, Absence)
    assert system.grade("service_levels.web-availability").value == "assumed"
    assert system.grade("components.web").value == "stated"


@pytest.mark.parametrize(
    ("word", "target"), [("critical", "99.9"), ("high", "99.9"), ("medium", "99.5"), ("low", "99")]
)
def test_the_assumed_objective_follows_criticality(word: str, target: str) -> None:
    system = spec.read_text(WEB.replace("shop}", f"shop, criticality: {word}}}"))
    assert system.service_levels["web-availability"].slos[0].text == f"{target}%"


def test_the_built_in_clocks_are_the_corrected_ones() -> None:
    system = spec.read_text(WEB)
    minutes = [
        one.respond and one.respond // timedelta(minutes=1) for one in system.severities.values()
    ]
    assert minutes == [5, 15, 60, None]
    assert [system.incidents.rules[sev].respond for sev in Sev] == [
        one.respond for one in system.severities.values()
    ]


ROTA = (
    WEB
    + """
people: {ada: {email: ada@shop.test}, bo: {}, dee: {}}
teams: {crew: {members: [ada, bo], lead: dee}}
on_call:
  crew: {covers: [crew], shift: {order: [ada, bo]}%s}
"""
)


def test_escalation_follows_the_severity_unless_it_is_stated() -> None:
    steps = spec.read_text(ROTA % "").on_call["crew"].escalate
    assert [(one.to, one.within) for one in steps[Severity.P1]] == [
        (to, timedelta(minutes=many))
        for to, many in (("primary", 5), ("secondary", 10), ("dee", 15))
    ]
    shared = ", escalate: [{to: primary, within: 15m}, {to: dee, within: as needed, only: P1}]"
    steps = spec.read_text(ROTA % shared).on_call["crew"].escalate
    assert [one.to for one in steps[Severity.P1]] == ["primary", "dee"]
    assert [one.to for one in steps[Severity.P3]] == ["primary"]
    per = ", escalate: {P2: [{to: bo, within: 1h}]}"
    steps = spec.read_text(ROTA % per).on_call["crew"].escalate
    assert [one.to for one in steps[Severity.P2]] == ["bo"]
    assert len(steps[Severity.P1]) == 3


def test_an_objective_may_have_a_window_of_minutes() -> None:
    system = spec.read_text(
        WEB + "service_levels:\n  up: {of: web, sli: availability, slo: 99%, window: 10m}\n"
    )
    assert system.service_levels["up"].window == timedelta(minutes=10)


def test_a_journey_without_an_objective_gets_the_ceiling_of_what_it_needs() -> None:
    text = (
        HEAD
        + """
components:
  web: {type: web, needs: {db: hard, pay: {strength: soft, effectiveness: 50%}}}
  db: {type: postgresql, availability: 99.9%}
  pay: {type: external, sla: 99%}
journeys: {buy: {path: [web, pay]}}
"""
    )
    slo = spec.read_text(text).journeys["buy"].slo
    exact = Fraction(995, 1000) * Fraction(999, 1000) * (1 - Fraction(1, 100) / 2)
    assert slo is not None
    assert slo.target <= exact < slo.target + Fraction(1, 10_000)


def test_a_part_is_soft_only_where_nothing_on_the_path_needs_it_hard() -> None:
    text = (
        HEAD
        + """
components:
  web: {type: web, needs: {api: hard, db: soft}}
  api: {type: http, needs: {db: hard}}
  db: {type: postgresql, availability: 90%}
journeys: {buy: {path: [api, web, db]}}
"""
    )
    slo = spec.read_text(text).journeys["buy"].slo
    assert slo is not None
    assert slo.target < Fraction(9, 10)


def test_large_files_and_long_chains_are_read_in_reasonable_time() -> None:
    parts = "".join(f"  c{n}: {{type: http, needs: {{c{n + 1}: hard}}}}\n" for n in range(600))
    ways = "".join(f"  j{n}: {{path: [c{n}]}}\n" for n in range(0, 600, 3))
    began = time.process_time()
    system = spec.read_text(f"{HEAD}components:\n{parts}  c600: {{type: http}}\njourneys:\n{ways}")
    assert time.process_time() - began < 5
    assert len(system.journeys) == 200


def test_thousands_of_mistakes_cost_no_more_than_their_reading() -> None:
    text = (
        HEAD
        + "components:\n"
        + "".join(
            f"  c{n}: {{type: http, owner: g{n}, needs: {{d{n}: hard}}}}\n" for n in range(2000)
        )
    )
    began = time.process_time()
    assert "and 3900 more" in problems(text)
    assert time.process_time() - began < 5


def test_prometheus_expressions_pass_as_they_are() -> None:
    text = (
        WEB
        + "alerts:\n  full: {of: web, when: {expr: 'predict_linear(x[6h], 86400) < 0', for: 5m}, severity: P3}\n"
    )
    when = spec.read_text(text).alerts["full"].when
    assert when == Expr(
        promql="predict_linear(x[6h], 86400) < 0",
        lasting=timedelta(minutes=5),
        text="predict_linear(x[6h], 86400) < 0",
    )


def test_included_files_are_joined_by_key_below_the_files_own_folder() -> None:
    files = Files(
        {
            "ops/standfast.yaml": "include: [people.yaml, 'data/*.yaml']\n" + WEB,
            "ops/people.yaml": "people: {ada: {email: ada@shop.test}}\n",
            "ops/data/a.yaml": "data: {orders: {store: web}}\n",
            "ops/data/b.yaml": "data: {users: {store: web}}\ncomponents: {db: {type: postgresql}}\n",
        }
    )
    system = spec.read("ops/standfast.yaml", files)
    assert list(system.data) == ["orders", "users"]
    assert str(system.place("data.users.store")) == "ops/data/b.yaml:1:16"
    assert "db" in system.components
    assert (
        system.digest
        != spec.read(
            "ops/standfast.yaml",
            Files(files | {"ops/people.yaml": "people: {ada: {}}\n"}),
        ).digest
    )


@pytest.mark.parametrize(
    ("included", "files", "said"),
    [
        ("gone.yaml", {}, "'gone.yaml' cannot be read"),
        ("'x/*.yaml'", {}, "no file matches 'x/*.yaml'"),
        ("../secret.yaml", {}, "leaves the folder"),
        ("/etc/passwd", {}, "leaves the folder"),
        (
            "a.yaml",
            {"a.yaml": "components: {web: {type: web}}\n"},
            "a.yaml:1:14: error: the key 'web' is here twice; it was given first at s.yaml:4:3",
        ),
        ("a.yaml", {"a.yaml": "include: [b.yaml]\n"}, "stands only in the first file"),
        ("a.yaml", {"a.yaml": "[1]\n"}, "an included file holds sections"),
        ("a.yaml", {"a.yaml": "data: {x: {\n"}, "a.yaml:2:1: error:"),
    ],
)
def test_a_bad_include_is_one_clear_error(included: str, files: dict[str, str], said: str) -> None:
    with pytest.raises(FileError) as caught:
        spec.read("s.yaml", Files({"s.yaml": f"include: [{included}]\n{WEB}"} | files))
    assert said in caught.value.problems[0] or said in str(caught.value)
    assert len(caught.value.problems) == 1


def test_an_environment_is_laid_over_the_file() -> None:
    text = (
        WEB
        + "environments:\n  staging: {components: {web: {url: http://staging.shop.test}, db: {type: sqlite}}, alerts: {}}\n"
    )
    assert spec.read_text(text).components["web"].url == "https://web.shop.test"
    staged = spec.read_text(text, environment="staging")
    assert staged.components["web"].url == "http://staging.shop.test"
    assert staged.components["web"].type == "http"
    assert list(staged.components) == ["web", "db"]
    assert staged.alerts == {}
    assert staged.digest != spec.read_text(text).digest
    with pytest.raises(FileError, match="did you mean 'staging'"):
        spec.read_text(text, environment="stagin")


def test_a_null_in_an_environment_takes_away() -> None:
    text = WEB + "  db: {type: sqlite}\nenvironments: {dev: {components: {db: null}}}\n"
    assert list(spec.read_text(text, environment="dev").components) == ["web"]


def test_a_literal_secret_is_read_named_and_not_kept() -> None:
    text = (
        HEAD
        + """
components:
  db: {type: postgresql, dsn: "postgresql://shop:hunter2@db/shop"}
  web: {type: http, url: "https://ada:hunter2@web.shop.test"}
  api: {type: http, owner: null, scrape: http://api/metrics}
channels:
  page: {kind: smtp, host: mail, from: a@shop.test, username: env:U, password: hunter2}
"""
    )
    system = spec.read_text(text)
    assert system.literal_secrets == (
        "components.db.dsn",
        "components.web.url",
        "channels.page.password",
    )
    assert "hunter2" not in repr(system)
    assert system.components["db"].dsn is not None
    assert system.components["db"].dsn.kind == "literal"
    assert system.channels["page"].username is not None
    assert str(system.channels["page"].username) == "env:U"


def test_an_error_on_a_line_with_a_secret_does_not_show_it() -> None:
    text = WEB + "channels:\n  page: {kind: smtp, password: hunter2, hots: x}\n"
    assert "hunter2" not in problems(text)


BOMB = "a: &a [x,x,x,x,x,x,x,x,x,x]\n" + "".join(
    f"{b}: &{b} [{','.join(['*' + a] * 10)}]\n" for a, b in zip("abcdefgh", "bcdefghi", strict=True)
)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (BOMB, "more than 200,000 values"),
        ("a: " + "[" * 3000, "nested more than 40 deep"),
        ("a: " + "{a: " * 3000, "nested more than 40 deep"),
        (WEB + "server: {dead_man: " + "a" * 3_900_000 + "}\n", "at most 2000 characters"),
        (
            "system: {name: shop, budget_window: "
            + "9" * 3_900_000
            + "}\n"
            + WEB.removeprefix(HEAD),
            "not a duration",
        ),
        ("x" * 50_000_000, "at most 4,000,000 are read"),
        ("", "the file is empty"),
        ("# nothing\n", "the file is empty"),
        ("- a\n", "a file is a mapping"),
        ("a: 1\n---\nb: 2\n", "one file holds one document"),
        ("a: !!python/object/apply:os.system [id]\n", "tags are not used"),
        ("a: !env X\n", "tags are not used"),
        ("a: &a [*a]\n", "points at nothing finished"),
        ("a: *b\n", ""),
        ("? [a, b]\n: c\n", "a key is one word or text"),
        ("a: \x07\n", "a character that YAML does not allow"),
        ("a:\n\t- b\n", "indent with spaces"),
        ("a: b: c\n", "in quotes"),
        ("apiVersion: standfast/v2\n" + WEB, "standfast/v1"),
    ],
    ids=range(19),
)
def test_a_hostile_file_gets_one_clear_error_soon(text: str, said: str) -> None:
    began = time.process_time()
    with pytest.raises(FileError) as caught:
        spec.read_text(text)
    assert time.process_time() - began < 3
    assert len(caught.value.problems) == 1
    assert said in caught.value.problems[0]
    assert len(caught.value.problems[0]) < 1000


def test_many_errors_are_cut_short() -> None:
    text = HEAD + "components:\n" + "".join(f"  c{n}: {{typ: http}}\n" for n in range(500))
    with pytest.raises(FileError) as caught:
        spec.read_text(text)
    assert len(caught.value.problems) == 101
    assert caught.value.problems[-1].endswith("and 900 more")


@pytest.mark.parametrize(
    "lines",
    [
        "components: {web: {type: http, needs: {web: hard}}}",
        "components: {a.b: {type: http}}",
        "components: {../../etc: {type: http}}",
        "components: {w: {type: http, url: 'javascript:alert(1)'}}",
        "components: {w: {type: http, replicas: {mars: 1}}}",
        "components: {w: {type: http, replicas: -1}}",
        "components: {w: {type: http, replicas: '3'}}",
        "components: {w: {type: http, owner: ghosts}}",
        "components: {w: {type: http, baseline: {rps: true}}}",
        "components: {w: {type: http, health: {live: health}}}",
        "components: {w: {type: http, needs: 5}}",
        "components: [w]",
        "budget_policy: {about half: rest}",
        "server: {public_url: 'http://standfast.shop.test'}",
        "server: {catch_all: nobody}",
        "failover: {a to b: {rto: 1h}}",
        "locations: {l: {}}",
        "locations: {l: {path: /a, bucket: b}}",
        "compliance: {regimes: [cobit]}",
        "compliance: {audit: {events: [nope.*]}}",
        "channels: {page: {kind: webhook}}",
        "channels: {page: {kind: webhook, url: ftp-server}}",
        "channels: {page: {kind: smtp}}",
        "waivers: [{rule: DEP-07, at: x, because: y, by: ada, until: 2027-01-01}]",
        "waivers: [{rule: DEP-7}]",
        "people: {ada: {phone: call me}}",
        "service_levels: {a: {of: nothing, sli: availability, slo: 99%}}",
        "journeys: {a: {path: []}}",
        "alerts: {a: {of: nothing, when: x, severity: P1}}",
        "severities: {P1: {notify: [pigeon]}}",
        "system: {name: shop, timezone: Mars/Olympus}",
    ],
)
def test_a_mistake_is_an_error_with_a_place(lines: str) -> None:
    text = (lines if lines.startswith("system") else HEAD + lines) + "\n"
    with pytest.raises(FileError) as caught:
        spec.read_text(text)
    assert all(
        one.startswith("standfast.yaml:") and "error: " in one for one in caught.value.problems
    )
    assert "pydantic" not in str(caught.value)
    assert "Input should" not in str(caught.value)


def test_references_of_backstage_are_understood() -> None:
    text = (
        WEB.replace("type: http", "type: http, owner: group:default/crew")
        + "people: {ada: {}}\nteams: {crew: {members: ['user:default/ada']}}\n"
    )
    assert spec.read_text(text).components["web"].owner == "crew"


def test_equal_files_give_equal_systems() -> None:
    assert spec.read_text(WEB) == spec.read_text(WEB)


LEAVES = (
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=12)
)
SECTIONS = st.sampled_from(
    [
        "system",
        "components",
        "alerts",
        "data",
        "waivers",
        "compliance",
        "on_call",
        "budget_policy",
        "include",
    ]
)
TREES = st.recursive(
    LEAVES,
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(["web", "type", "of", "needs", "path", "slo", "when", "x"]),
            inner,
            max_size=3,
        )
    ),
    max_leaves=12,
)


@given(st.dictionaries(SECTIONS, TREES, max_size=5))
def test_no_tree_breaks_the_reader_in_another_way(tree: dict[str, object]) -> None:
    with pytest.raises(
        FileError
    ) as caught:  # none of them has a system with a name and a component
        spec.read_text(json.dumps(tree))
    assert caught.value.problems


@given(st.text(max_size=200))
def test_no_text_breaks_the_reader_in_another_way(text: str) -> None:
    with pytest.raises(FileError):
        spec.read_text(text)


# ------------------------------------------------------------------ what a probe expects


def test_what_a_probe_expects_is_read_with_every_shorthand() -> None:
    text = HEAD + (
        "components:\n  web:\n    type: http\n    url: https://web.shop.test\n"
        "    probe:\n"
        "      status: [200, 3xx]\n"
        "      contains: Welcome\n"
        "      matches: 'v[0-9]+'\n"
        "      json: {checks.database.status: healthy, '$.items[0].id': 5, open: true}\n"
        "      headers: {content-type: text/html}\n"
        "      within: 500ms\n"
        "      certificate: 14d\n"
        "    dns: {name: web.shop.test, type: AAAA, expect: '2001:db8::1', server: '192.0.2.53:5353'}\n"
        "    ping: web.shop.test\n"
        "  db: {type: postgresql, dns: db.shop.test}\n"
    )
    system = spec.read_text(text)
    expected = system.components["web"].expect

    assert expected is not None
    assert (expected.status, expected.contains, expected.matches) == (
        ("200", "3xx"),
        ("Welcome",),
        ("v[0-9]+",),
    )
    assert expected.json == {"checks.database.status": "healthy", "$.items[0].id": 5, "open": True}
    assert (expected.within, expected.certificate) == (
        timedelta(milliseconds=500),
        timedelta(days=14),
    )
    assert not expected.redirected
    asked = system.components["db"].dns
    assert asked is not None
    assert (asked.name, asked.type, asked.expect) == ("db.shop.test", "A", ())


@pytest.mark.parametrize(
    ("key", "said"),
    [
        ("probe: {status: 999}", "not a status: '999'; write for example 200 or 2xx"),
        ("probe: {matches: '(a'}", "not a regular expression that RE2 takes: missing ): (a"),
        (r"probe: {matches: '(a)\1'}", "back-references are not known to it"),
        ("probe: {json: {'a..b': 1}}", "not a path: 'a..b'"),
        ("probe: {json: {a: [1]}}", "web.probe.json"),
        ("dns: {name: web.shop.test, server: dns.shop.test}", "not a DNS server: 'dns.shop.test'"),
        ("dns: {name: web.shop.test, type: AA}", "unknown word 'AA'"),
        ("ping: 'a b'", "does not read like db.shop.test"),
        (
            "otlp: cart\n  db:\n    type: http\n    otlp: cart",
            "web has this service already: 'cart'",
        ),
        ("heartbeats: {a: 1s}", "a heartbeat comes every 10s at the soonest"),
        (
            "heartbeats: {a: 1h}\n  db:\n    type: cron\n    heartbeats: {a: 1h}",
            "web has a heartbeat of this name already",
        ),
        ("series: 0", "series"),
    ],
)
def test_an_expectation_that_makes_no_sense_is_refused_where_it_stands(key: str, said: str) -> None:
    text = (
        HEAD
        + "components:\n  web:\n    type: http\n    url: https://web.shop.test\n    "
        + key
        + "\n"
    )

    assert said in problems(text)


def test_a_probe_needs_something_to_ask() -> None:
    bare = HEAD + "components:\n  web: {type: http, probe: {status: 200}}\n"
    plain = (
        HEAD + "components:\n  web: {type: http, url: http://a.test, probe: {certificate: 14d}}\n"
    )

    assert "a probe asks a `url`, and there is none" in problems(bare)
    assert "only an https:// address shows a certificate" in problems(plain)


def test_a_heartbeat_is_an_interval_alone_or_with_its_grace() -> None:
    system = spec.read_text(
        HEAD
        + "components:\n  jobs: {type: cron, heartbeats: {a: 1d, b: {every: 10m, grace: 2m, takes: 5m}}}\n"
    )
    plans = system.components["jobs"].heartbeats

    assert (plans["a"].every, plans["a"].grace, plans["a"].takes) == (
        timedelta(days=1),
        timedelta(hours=1),
        None,
    )
    assert (plans["b"].grace, plans["b"].takes) == (timedelta(minutes=2), timedelta(minutes=5))
    assert any(
        "heartbeat a is missed 1h after it was due" in one.assumed for one in system.assumptions
    )


def test_the_digest_is_the_same_wherever_the_file_is_opened_from(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from standfast.app.files import Files as Disk

    (tmp_path / "ops").mkdir()
    (tmp_path / "ops" / "standfast.yaml").write_text("include: [people.yaml]\n" + WEB)
    (tmp_path / "ops" / "people.yaml").write_text("people: {ada: {email: ada@shop.test}}\n")

    def digest(start: Path, name: str) -> str:
        monkeypatch.chdir(start)
        return spec.read(name, Disk()).digest

    known = digest(tmp_path, "ops/standfast.yaml")
    assert digest(tmp_path / "ops", "standfast.yaml") == known
    assert digest(tmp_path, str(tmp_path / "ops" / "standfast.yaml")) == known
    (tmp_path / "ops" / "people.yaml").write_text("people: {ada: {email: ada@other.test}}\n")
    assert digest(tmp_path, "ops/standfast.yaml") != known
