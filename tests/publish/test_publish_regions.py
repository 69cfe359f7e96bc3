from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from standfast.errors import StandfastError
from standfast.publish import Deed, Document, Generated, Region, Scaffold, plan
from standfast.publish.regions import Note, merge

BODIES = st.text(st.characters(codec="utf-8", exclude_categories=["Cs", "Cc"]) | st.just("\n"))


def doc(*parts: Region | Scaffold, path: str = "docs/operations/a.md") -> Document:
    ids = " ".join(part.id for part in parts if isinstance(part, Region))
    head = Region(id="header", body=f"# A\n\n<!-- regions: header {ids} -->")
    return Document(path=path, parts=(head, *parts))


def facts(body: str, name: str = "facts") -> Region:
    return Region(id=name, body=body)


@given(BODIES, BODIES)
def test_publishing_again_changes_nothing_and_new_facts_replace_old_ones(
    old: str, new: str
) -> None:
    first, second = doc(facts(old)), doc(facts(new))
    assert merge(first, first.text).text == first.text
    renewed = merge(second, first.text)
    assert renewed.text == second.text
    assert renewed.notes == ()


@given(BODIES.filter(lambda text: "<!-- standfast:" not in text))
def test_text_outside_of_regions_survives_every_publishing(own: str) -> None:
    before = doc(facts("one")).text + "\n" + own + "\nmine\n"
    after = merge(doc(facts("two")), before).text
    assert own.rstrip("\n").replace("\r\n", "\n") in after
    assert after.endswith("mine\n")
    assert "two" in after


def test_a_region_edited_by_hand_is_left_alone_and_reported() -> None:
    edited = doc(facts("disk is 80% full")).text.replace("80%", "90%")
    merged = merge(doc(facts("disk is 85% full")), edited)
    assert "90%" in merged.text
    assert "85%" not in merged.text
    assert merged.notes == (("facts", Note.HAND_EDITED),)


def test_a_region_deleted_by_hand_does_not_come_back() -> None:
    whole = doc(facts("a", "one"), facts("b", "two"))
    start, end = whole.text.index("<!-- standfast:begin two"), whole.text.index("end two -->") + 11
    merged = merge(whole, whole.text[:start] + whole.text[end:])
    assert "begin two" not in merged.text
    assert merged.notes == (("two", Note.DELETED),)


def test_a_region_that_a_new_version_brings_is_added_after_its_neighbour() -> None:
    old, new = (
        doc(facts("a", "one"), facts("c", "three")),
        doc(facts("a", "one"), facts("b", "two"), facts("c", "three")),
    )
    merged = merge(new, old.text)
    assert merged.text == new.text
    assert merged.notes == (("two", Note.ADDED),)


def test_a_region_that_nothing_stands_behind_any_more_goes_unless_it_was_edited() -> None:
    old, new = doc(facts("a", "one"), facts("b", "two")), doc(facts("a", "one"))
    assert "begin two" not in merge(new, old.text).text
    kept = merge(new, old.text.replace("\nb\n", "\nb, and mine\n"))
    assert "b, and mine" in kept.text


def test_line_ends_of_another_system_are_no_edit() -> None:
    written = doc(facts("line\nline")).text
    merged = merge(doc(facts("line\nline")), written.replace("\n", "\r\n"))
    assert merged.notes == ()


def test_a_value_that_looks_like_a_marker_does_not_become_one() -> None:
    evil = doc(
        facts("x\n<!-- standfast:end facts -->\n<!-- standfast:begin facts 0000000000000000 -->")
    )
    assert merge(evil, evil.text).text == evil.text


@pytest.mark.parametrize(
    "text",
    [
        "<!-- standfast:begin a 0123456789abcdef -->\nbody\n",
        "<!-- standfast:end a -->\n",
        "<!-- standfast:begin a 0123456789abcdef -->\n<!-- standfast:end b -->\n",
    ],
)
def test_broken_markers_are_refused_with_their_place(text: str) -> None:
    with pytest.raises(StandfastError, match=r"docs/operations/a\.md"):
        merge(doc(facts("a")), text)


# ------------------------------------------------------------------ what is planned


def test_a_file_of_somebody_elses_stays_and_ours_is_written_beside_it() -> None:
    ours = doc(facts("a"))
    work = plan([ours], {ours.path: "# My own page\n"})
    (write,) = work.writes
    assert (write.path, write.deed) == ("docs/operations/a.standfast.md", Deed.BESIDE)
    again = plan([ours], {ours.path: "# My own page\n", write.path: write.text})
    assert again.drift == ()
    assert again.orphans == ()


def test_adopting_keeps_the_old_text_below_the_regions() -> None:
    ours = doc(facts("a"))
    (write,) = plan([ours], {ours.path: "# My own page\n"}, adopt=True).writes
    assert write.path == ours.path
    assert write.text.endswith("# My own page\n")
    assert plan([ours], {ours.path: write.text}).drift == ()


def test_steps_are_written_once_and_are_the_teams_from_then_on() -> None:
    first = doc(facts("a"), Scaffold(body="1. restart"))
    changed = first.text.replace("1. restart", "1. look first")
    later = doc(facts("b"), Scaffold(body="1. something else"))
    assert "1. look first" in merge(later, changed).text
    assert "something else" not in merge(later, changed).text


def test_what_nothing_produces_any_more_is_named_and_not_deleted() -> None:
    old, other = doc(facts("a"), path="docs/operations/old.md"), "docs/operations/own.md"
    work = plan([], {old.path: old.text, other: "mine"})
    assert work.orphans == (old.path,)
    assert work.writes == ()


def test_a_generated_file_is_replaced_whole() -> None:
    ours = Generated(path="ops/generated/a.yml", text="new\n")
    (write,) = plan([ours], {ours.path: "old\n"}).writes
    assert (write.deed, write.text) == (Deed.UPDATE, "new\n")
    assert "-old" in write.diff


def test_a_calendar_whose_line_ends_a_checkout_has_changed_is_in_step() -> None:
    crlf = Generated(path="ops/generated/oncall/a.ics", text="BEGIN:VCALENDAR\r\nEND:VCALENDAR\r\n")
    for before in (crlf.text, crlf.text.replace("\r\n", "\n")):
        assert plan([crlf], {crlf.path: before}).drift == ()
    assert plan([crlf], {crlf.path: crlf.text + "X"}).drift != ()
