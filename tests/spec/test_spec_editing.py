"""Adding to a file that somebody else wrote: everything else stays, to the character."""

from __future__ import annotations

import json

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from standfast.errors import StandfastError
from standfast.spec.editing import append, replace, scalar

ENTRY = {"rule": "DEP-07", "at": "components.cache", "because": "rebuilt in 2 min", "by": "dee"}
BRACES = "{rule: DEP-07, at: components.cache, because: rebuilt in 2 min, by: dee}"
LONG = {**ENTRY, "because": "it is rebuilt from the source of truth, " * 3}


def grown(before: str, after: str) -> str:
    """What was put in; the rest is as it was."""
    start = next(
        (n for n, (a, b) in enumerate(zip(before, after, strict=False)) if a != b), len(before)
    )
    tail = len(before) - start
    assert after[:start] == before[:start]
    assert after.endswith(before[start:])
    return after[start : len(after) - tail] if tail else after[start:]


def test_a_list_that_is_missing_is_begun_at_the_end() -> None:
    before = "# mine\nsystem: {name:   shop}   # wide\n"
    assert append(before, "waivers", ENTRY) == f"{before}\nwaivers:\n  - {BRACES}\n"


def test_a_long_entry_gets_a_line_for_each_field() -> None:
    after = append("a: 1\n", "waivers", LONG)
    assert '  - rule: DEP-07\n    at: components.cache\n    because: "it is' in after


def test_an_entry_is_put_after_the_last_in_its_style_and_before_what_follows() -> None:
    before = (
        "waivers:\n- rule: A\n  because: >-\n    folded\n    text\n  by: x # by x\n\n"
        "# the next part\nzones: [a,   b]\n"
    )
    after = append(before, "waivers", ENTRY)
    assert grown(before, after).strip().splitlines()[-1].strip() == "by: dee"
    assert "  by: x # by x\n- rule: DEP-07\n  at: components.cache\n" in after


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("waivers: []\n", f"waivers: [{BRACES}]\n"),
        ("waivers: [ {rule: A} ]\nb: 1\n", f"waivers: [ {{rule: A}}, {BRACES} ]\nb: 1\n"),
        (
            "waivers: [\n  {rule: A},  # first\n  {rule: B}\n]\n",
            f"waivers: [\n  {{rule: A}},  # first\n  {{rule: B}},\n  {BRACES}\n]\n",
        ),
        ("waivers:\nb: 1\n", f"waivers:\n  - {BRACES}\nb: 1\n"),
        ("waivers: # none\n", f"waivers: # none\n  - {BRACES}\n"),
        ("waivers:\n  - {rule: A}", f"waivers:\n  - {{rule: A}}\n  - {BRACES}\n"),
        (
            "  a: 1\n  waivers:\n    - {rule: A}\n",
            f"  a: 1\n  waivers:\n    - {{rule: A}}\n    - {BRACES}\n",
        ),
        ("", f"waivers:\n  - {BRACES}\n"),
        ("# only words\n", f"# only words\nwaivers:\n  - {BRACES}\n"),
        ("a: |\n  text\n\n", f"a: |\n  text\n\n\nwaivers:\n  - {BRACES}\n"),
    ],
)
def test_every_way_to_write_a_list_is_added_to(before: str, after: str) -> None:
    assert append(before, "waivers", ENTRY) == after


def test_a_file_of_json_stays_json() -> None:
    before = json.dumps({"system": {"name": "shop"}}, indent=1) + "\n"
    once = append(before, "waivers", ENTRY)
    twice = append(once, "waivers", {**ENTRY, "by": "bo"})
    assert [one["by"] for one in json.loads(twice)["waivers"]] == ["dee", "bo"]
    assert json.loads(twice)["system"] == {"name": "shop"}


@pytest.mark.parametrize(
    "before",
    [
        "waivers:\n  - rule: A # why\n    by: x\n  - {rule: B}   # keep\n# end\n",
        "waivers: [{rule: A}, {rule: B}] # keep\n",
        "waivers:\n- rule: A\n- rule: B\n  by: >\n    x\n    y\n\nnext: 1 # keep\n",
    ],
)
def test_one_entry_is_replaced_where_it_stands(before: str) -> None:
    after = replace(before, "waivers", 1, ENTRY)
    assert yaml.safe_load(after)["waivers"] == [yaml.safe_load(before)["waivers"][0], ENTRY]
    for line in before.splitlines():
        assert "#" not in line or line.partition("#")[2] in after


@pytest.mark.parametrize("before", ["a: 1\n...\n", "waivers: &w\n- {rule: A}\nb: *w\n"])
def test_what_cannot_be_added_to_safely_is_left_alone_and_said(before: str) -> None:
    with pytest.raises(
        StandfastError, match=r"cannot add to `waivers:`[\s\S]*by hand:[\s\S]*DEP-07"
    ):
        append(before, "waivers", ENTRY)


@pytest.mark.parametrize(
    "text",
    ["yes", "null", "12:30", "0x1f", "1e3", "a: b", "a #b", "- x", "*a", "&a", "!t", "@x", "%x",
     "{a}", "[a]", "'", '"', "", " x", "x ", "x,y", "~", "=", "2026-13-45", "ünïcödé", "x:", "\\n"],
)  # fmt: skip
def test_a_scalar_is_the_same_text_for_every_reader(text: str) -> None:
    for reader in (yaml.SafeLoader, yaml.CSafeLoader):
        block = yaml.load(f"a: {scalar(text)}\n", Loader=reader)
        flow = yaml.load(f"{{a: {scalar(text)}, b: 1}}\n", Loader=reader)
        assert block["a"] == flow["a"] == text


values = st.text(
    st.characters(exclude_categories=("Cc", "Cs", "Zl", "Zp", "Cn", "Co")), max_size=40
).map(str.strip)


@given(
    entries=st.lists(st.fixed_dictionaries({"rule": values, "because": values}), max_size=4),
    style=st.sampled_from(["block", "flow", "json", "wide"]),
    new=st.fixed_dictionaries({"rule": values, "because": values}),
)
def test_the_new_entry_is_the_last_and_the_others_are_as_they_were(
    entries: list[dict[str, str]], style: str, new: dict[str, str]
) -> None:
    value = {"a": ["x"], "waivers": entries, "z": {"k": "v"}}
    text = {
        "block": yaml.safe_dump(value, sort_keys=False, allow_unicode=True),
        "flow": yaml.safe_dump(value, default_flow_style=True, sort_keys=False),
        "json": json.dumps(value, indent=2, ensure_ascii=False),
        "wide": yaml.safe_dump(value, sort_keys=False, indent=6, width=20),
    }[style]
    after = append(text, "waivers", new)
    assert yaml.safe_load(after) == {**value, "waivers": [*entries, new]}
