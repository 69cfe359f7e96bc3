"""The quick emitter must never be told from the careful one by its bytes."""

from __future__ import annotations

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from standfast.publish import yaml_text

PIECES = ("rate(", "foo_bar", '{job="c1"}', "\nor ", "\n  * ", " > ", "0.5", " #", ": ", "- ", "'")
TEXTS = st.one_of(
    st.lists(st.sampled_from(PIECES), max_size=40).map("".join),
    st.text(st.characters(exclude_categories=["Cs"]), max_size=200),
    st.lists(st.text("aé–→ #:-'\"%", max_size=30), max_size=8).map("\n".join),
)


careful = yaml_text._careful


@settings(max_examples=400, deadline=None)
@given(text=TEXTS)
def test_both_emitters_write_the_same_bytes(text: str) -> None:
    content = {
        "groups": [
            {
                "rules": [
                    {"expr": text, "labels": {"of": [text, 15, 0.995, -2.0, True, None, [], {}]}}
                ]
            }
        ]
    }
    assert yaml_text.text_of(content) == careful(content)
    assert yaml_text.text_of({text: text}) == careful({text: text})


@pytest.mark.parametrize("text", ["😀", "", " a", "a \nb", "\x07", "\u2028", "a\n"])
def test_a_text_that_libyaml_writes_otherwise_is_left_to_the_careful_one(text: str) -> None:
    with pytest.raises(yaml_text._DoubtError):
        yaml_text._quick([text])
    assert yaml.safe_load(yaml_text.text_of([text])) == [text]


def test_queries_of_several_lines_are_blocks_of_the_quick_one() -> None:
    content = {"expr": "a > 0\nor b > 0", "of": "Zürich – Süd"}
    assert yaml_text._quick(content) == careful(content)
    assert "expr: |-\n  a > 0\n  or b > 0\n" in careful(content)


@given(st.floats(allow_nan=False))
def test_both_emitters_write_the_same_decimals(value: float) -> None:
    assert yaml_text.text_of([value]) == careful([value])


def test_a_number_with_an_exponent_is_left_to_the_careful_one() -> None:
    content = {"share": 1.5, "of": ["a", 1e300]}
    with pytest.raises(yaml_text._DoubtError):
        yaml_text._quick(content)
    assert yaml.safe_load(yaml_text.text_of(content)) == content
