"""Conditions of Gatus are read as it reads them, and whatever is written makes a valid file or a note."""

from __future__ import annotations

import json
import re
from datetime import timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from standfast.drivers.importers.checks import statuses
from standfast.drivers.importers.folder import Disk
from standfast.drivers.importers.gatus.condition import (
    compares,
    condition,
    duration,
    literal,
    regex,
)
from standfast.drivers.importers.gatus.importer import Gatus
from standfast.drivers.importers.gatus.variables import open_variable, reference
from standfast.drivers.importers.source import Source
from standfast.spec.drafting.writing import write
from standfast.spec.reading import mistakes

CODES = range(200, 600)
NUMBER = st.integers(min_value=0, max_value=700)
SIGN = st.sampled_from(["==", "!=", "<", "<=", ">", ">="])
COMPARED = {
    "==": int.__eq__,
    "!=": int.__ne__,
    "<": int.__lt__,
    "<=": int.__le__,
    ">": int.__gt__,
    ">=": int.__ge__,
}


@given(sign=SIGN, number=NUMBER, code=st.sampled_from(CODES), mirrored=st.booleans())
def test_a_comparison_holds_for_the_numbers_that_it_says(
    sign: str, number: int, code: int, mirrored: bool
) -> None:
    text = f"{number} {sign} [STATUS]" if mirrored else f"[STATUS] {sign} {number}"
    one = condition(text)
    assert one is not None
    sides = (number, code) if mirrored else (code, number)
    assert compares(one, code) == COMPARED[sign](*sides)


@given(st.sets(st.sampled_from([*CODES]), max_size=20))
def test_statuses_name_each_good_code_and_no_other(good: set[int]) -> None:
    words = statuses(good.__contains__, followed=False)
    named = {code for code in CODES if str(code) in words or f"{code // 100}xx" in words}
    assert named == good


@given(
    st.lists(
        st.tuples(st.integers(1, 999), st.sampled_from(["ms", "s", "m", "h"])),
        min_size=1,
        max_size=4,
    )
)
def test_durations_add_up_as_go_adds_them(parts: list[tuple[int, str]]) -> None:
    size = {"ms": 1, "s": 1000, "m": 60_000, "h": 3_600_000}
    text = "".join(f"{many}{unit}" for many, unit in parts)
    assert duration(text) == timedelta(milliseconds=sum(many * size[unit] for many, unit in parts))


@pytest.mark.parametrize("text", ["", "soon", "-1h", "1d", "0", "0s", "9" * 12 + "h", "1h "])
def test_what_is_no_duration_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r"no duration|no length"):
        duration(text)


@given(st.text(alphabet="ab*?.", min_size=1, max_size=12), st.text(alphabet="ab.", max_size=12))
def test_a_pattern_matches_what_gatus_matches(pattern: str, text: str) -> None:
    assert bool(re.fullmatch(regex(pattern), text, re.DOTALL)) == _globbed(pattern, text)


def _globbed(pattern: str, text: str) -> bool:
    """The definition: a star is nothing, or one sign and a star."""
    if not pattern:
        return not text
    if pattern[0] == "*":
        return _globbed(pattern[1:], text) or (bool(text) and _globbed(pattern, text[1:]))
    return bool(text) and pattern[0] in ("?", text[0]) and _globbed(pattern[1:], text[1:])


def test_text_between_stars_is_what_a_body_contains() -> None:
    assert literal("*ok*") == "ok"
    assert [literal(one) for one in ("ok*", "**", "*a*b*", "*[ab]*", "*")] == [""] * 5


@pytest.mark.parametrize(
    ("text", "name"),
    [("a ${B}", "B"), ("$B-c", "B"), ("$$B", ""), ("$5", ""), ("$$$B", "B"), ("plain", "")],
)
def test_a_variable_is_found(text: str, name: str) -> None:
    assert open_variable(text) == name


def test_only_a_variable_alone_is_a_reference() -> None:
    assert [reference(one) for one in ("${A_1}", "$A", "x$A", "${A}b", "$$A", "")] == [
        "env:A_1",
        "env:A",
        "",
        "",
        "",
        "",
    ]


ANY = st.text(max_size=30)
PIECES = st.sampled_from(
    ["[STATUS]", "[BODY]", "[BODY].a.b", "[BODY][0]", "[RESPONSE_TIME]", "[CERTIFICATE_EXPIRATION]", "[IP]",
     "[CONNECTED]", "[DNS_RCODE]", "len([BODY].x)", "pat(*a*)", "pat([a)", "any(1, 2)", "any()", "200", "48h",
     "true", "$X", "\\", "*", "'", "env:x"]
)  # fmt: skip
CONDITION = st.one_of(
    ANY,
    st.tuples(PIECES | ANY, SIGN, PIECES | ANY).map(" ".join),
)
URL = st.one_of(
    ANY,
    st.tuples(
        st.sampled_from(["http", "https", "tcp", "icmp", "tls", "ws", "grpc", "starttls", "ssh"]),
        st.sampled_from(["a.test", "a.test:80", "a.test:99999", "[::1]:80", "u:p@a.test", "é", ""])
        | ANY,
    ).map("://".join),
)
ENDPOINT = st.fixed_dictionaries(
    {"name": ANY, "url": URL, "conditions": st.lists(CONDITION, max_size=5)},
    optional={
        "group": ANY,
        "interval": ANY | st.sampled_from(["30s", "5m", "0s", "1000000h"]),
        "enabled": st.booleans(),
        "method": ANY,
        "headers": st.dictionaries(ANY, ANY, max_size=2),
        "dns": st.fixed_dictionaries(
            {"query-name": ANY, "query-type": st.sampled_from(["A", "X"])}
        ),
        "alerts": st.lists(
            st.fixed_dictionaries(
                {"type": st.sampled_from(["slack", "pagerduty", ""]) | ANY},
                optional={"failure-threshold": st.integers(), "description": ANY},
            ),
            max_size=3,
        ),
    },
)


@given(
    st.fixed_dictionaries(
        {"endpoints": st.lists(ENDPOINT, min_size=1, max_size=4)},
        optional={
            "external-endpoints": st.lists(
                st.fixed_dictionaries(
                    {
                        "name": ANY,
                        "token": ANY,
                        "heartbeat": st.fixed_dictionaries({"interval": ANY}),
                    }
                ),
                max_size=2,
            )
        },
    )
)
def test_whatever_is_configured_makes_a_valid_file(config: dict[str, object]) -> None:
    here = Path.cwd()
    text = json.dumps(config, ensure_ascii=True)
    found = Gatus().read([Source(path="g.json", text=text)], Disk(here, [here]))
    assert not mistakes(write(found, "x").text)
