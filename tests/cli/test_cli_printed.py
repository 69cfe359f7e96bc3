"""What others wrote is read on a terminal and never obeyed by it."""

from __future__ import annotations

import json

import pytest
from click.testing import CliRunner
from hypothesis import given
from hypothesis import strategies as st

from standfast.cli import group, printed
from standfast.errors import Conflict

CLEAR_SCREEN = "\x1b[2J"
ONE_BYTE = "\x9b31m"  # the same, begun by a single sign that JSON does not have to escape
REVERSED = "\u202egpj.exe"
HOSTILE = f"web{CLEAR_SCREEN}{ONE_BYTE}{REVERSED}\x07\x00"

values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=8,
)


@given(st.text())
def test_a_line_is_printable_and_one(text: str) -> None:
    assert printed.line(text).isprintable()
    assert printed.visible(text).isprintable()
    assert len(printed.visible(text)) == len(text)


@given(st.text(st.characters(categories=["L", "N", "P"])))
def test_what_can_be_seen_is_printed_as_it_is(text: str) -> None:
    assert printed.visible(f"  {text}") == f"  {text}"


@given(values, st.sampled_from([None, 2]))
def test_json_steers_nothing_and_is_read_back_as_it_was(value: object, indent: int | None) -> None:
    text = printed.json_text(value, indent=indent)

    assert text.replace("\n", "").isprintable()
    assert json.loads(text) == value


def test_a_margin_stays_and_lines_only_where_they_are_asked_for() -> None:
    assert printed.visible("  a\n  b") == "  a\ufffd  b"
    assert printed.visible("  a\n\x1b  b", keep="\n") == "  a\n\ufffd  b"


def test_an_error_that_quotes_a_server_steers_nothing(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def refused(**_: object) -> None:
        raise Conflict(HOSTILE, fix="look at it")

    monkeypatch.setattr(group.standfast, "main", refused)
    with pytest.raises(SystemExit):
        group.main(["gate"])

    said = capsys.readouterr().err
    assert said.splitlines()[0].startswith("error: web\ufffd[2J")
    assert said.splitlines()[1] == "  fix: look at it"
    assert said.replace("\n", "").isprintable()


@pytest.mark.parametrize("how", [(), ("--json",)], ids=["text", "json"])
@pytest.mark.parametrize(
    ("command", "answer"),
    [
        (
            ("incident", "list"),
            {
                "incidents": [], "words": HOSTILE,
                "overdue": [
                    {"incident": "INC-1", "what": HOSTILE, "owner": HOSTILE, "due": "2026-12-10T23:59:59Z"}
                ],
            },
        ),
        (
            ("feedback", "list", "--server", "http://127.0.0.1:1"),
            {
                "findings": [
                    {
                        "id": HOSTILE, "status": "open", "verdict": "BLOCK", "to": [],
                        "waived_by": HOSTILE, "problem": HOSTILE, "said": f"a\n{HOSTILE}", "note": "",
                    }
                ]
            },
        ),
    ],
    ids=["incident", "feedback"],
)  # fmt: skip
def test_a_server_that_answers_with_control_characters_is_read_safely(
    command: tuple[str, ...], answer: object, how: tuple[str, ...], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("STANDFAST_TOKEN", "sf_y")
    monkeypatch.setattr("standfast.cli.client.Client.get", lambda *_: answer)

    ran = CliRunner().invoke(group.standfast, [*command, *how])

    assert ran.exit_code == 0, ran.output
    assert ran.output.strip()
    assert ran.output.replace("\n", "").isprintable()
