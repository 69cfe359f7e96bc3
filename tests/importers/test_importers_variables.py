"""Filling variables in, and `.env` files."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from standfast.drivers.importers.compose import dotenv

VALUES = {"SET": "value", "EMPTY": "", "NAME": "n"}
FORMS = {
    "$SET": "value",
    "${SET}": "value",
    "a-${SET}-b$NAME": "a-value-bn",
    "${SET:-d}": "value",
    "${EMPTY:-d}": "d",
    "${EMPTY-d}": "",
    "${GONE-d}": "d",
    "${GONE:-${SET}}": "value",
    "${GONE:-${ALSO:-deep}}": "deep",
    "${GONE:-a}b}": "ab}",
    "${SET:?needed}": "value",
    "${SET:+other}": "other",
    "${EMPTY:+other}": "",
    "${EMPTY+other}": "other",
    "${GONE+other}": "",
    "$$SET": "$SET",
    "$${SET}": "${SET}",
    "$": "$",
    "100$": "100$",
    "${": "${",
    "${1}": "${1}",
    "$1": "$1",
}


@pytest.mark.parametrize("text", FORMS)
def test_a_variable_in_all_its_forms(text: str) -> None:
    assert dotenv.fill(text, VALUES).text == FORMS[text]


def test_what_has_no_value_is_named_once() -> None:
    filled = dotenv.fill("${GONE}$GONE${AWAY:?must be set}${SET}${EMPTY}${LEFT:-d}", VALUES)

    assert filled.missing == ("GONE", "AWAY")
    assert filled.used == ("SET", "EMPTY")


def test_depth_and_length_have_an_end() -> None:
    assert len(dotenv.fill("${A:-" * 5000 + "x" + "}" * 5000, {}).text) < 50_000
    assert len(dotenv.fill("$A" * 2000, {"A": "x" * 10_000}).text) < 200_000


LINES = {
    "A=1": "1",
    "A = spaced": "spaced",
    "export A=1": "1",
    "A: yaml": "yaml",
    "A=a#b": "a#b",
    "A=a # comment": "a",
    "A=# comment": "",
    "A='$SET # kept'": "$SET # kept",
    'A="x ${SET}"': "x value",
    'A="two\nlines"': "two\nlines",
    r'A="a\"b"': 'a"b',
    "A=${SET}/${EMPTY:-e}": "value/e",
    "A='open": "'open",
}


@pytest.mark.parametrize("text", LINES)
def test_a_line_of_an_env_file(text: str) -> None:
    assert dotenv.parse(text, VALUES)["A"].value == LINES[text]


def test_lines_are_counted_and_others_left() -> None:
    found = dotenv.parse("# A=0\n\nnot a line\n=x\nB='1\n2'\nC=$B\n", {})

    assert {key: (one.value, one.line) for key, one in found.items()} == {
        "B": ("1\n2", 5),
        "C": ("1\n2", 7),
    }


@given(st.text(max_size=200), st.dictionaries(st.sampled_from("AB"), st.text(max_size=5)))
def test_any_text_is_filled_without_an_error(text: str, values: dict[str, str]) -> None:
    filled = dotenv.fill(text, values)

    assert filled.text == text or "$" in text


@given(st.text(max_size=300))
def test_any_text_is_read_as_an_env_file(text: str) -> None:
    dotenv.parse(text, {})
