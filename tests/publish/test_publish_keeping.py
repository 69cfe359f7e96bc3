"""What people wrote is never lost, whatever they did to a published file."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest
from click.testing import CliRunner, Result
from hypothesis import given, settings
from hypothesis import strategies as st

from standfast import spec
from standfast.cli.publish import publish
from standfast.drivers.files import LARGEST, Tree
from standfast.errors import Conflict, StandfastError
from standfast.publish import Deed, Document, Generated, Region, Scaffold, adopted_notes, plan
from standfast.publish.document import MEASURED, wrap
from standfast.publish.regions import Found, Note, merge, parse

EXAMPLES = Path(__file__).parents[2] / "examples"
NAMES = ("header", "one", "two", "three")


def document(version: str, names: tuple[str, ...] = NAMES) -> Document:
    bodies = {"header": f"# A\n\n<!-- regions: {' '.join(names)} -->"}
    parts: list[Region | Scaffold] = []
    for name in names:
        parts.append(Region(id=name, body=bodies.get(name, f"## {name}\n\nfigure {version}\nend")))
        if name == "one":
            parts.append(Scaffold(body="## Steps\n\n1. look\n2. mend"))
    return Document(path="docs/operations/a.md", parts=tuple(parts))


# Lines as people write them: any text, but no marker of ours at the beginning of a line.
LINES = st.text(
    st.characters(codec="utf-8", exclude_categories=["Cs"], exclude_characters="\n"), max_size=30
).filter(lambda line: not line.lstrip("\ufeff").startswith("<!-- standfast:"))


@st.composite
def edited(draw: st.DrawFn) -> str:
    """A published text after a person was at it."""
    lines = document("old").text.split("\n")
    for _ in range(draw(st.integers(0, 8))):
        at = draw(st.integers(0, len(lines)))
        deed = draw(st.sampled_from(["add", "drop", "change", "drop region"]))
        if deed == "add":
            lines[at:at] = draw(st.lists(LINES, min_size=1, max_size=3))
        elif deed == "drop region":
            name = draw(st.sampled_from(NAMES[1:]))
            begin = [i for i, line in enumerate(lines) if f"begin {name} " in line]
            end = [i for i, line in enumerate(lines) if f"end {name} " in line]
            if begin and end:
                del lines[begin[0] : end[0] + 1]
        elif at < len(lines) and not lines[at].startswith("<!-- "):
            lines[at : at + 1] = [draw(LINES)] if deed == "change" else []
    text = "\n".join(lines)
    if draw(st.booleans()):
        text = text.replace("\r\n", "\n").replace("\n", "\r\n")
    if draw(st.booleans()):
        text = text.rstrip("\r\n")
    return draw(st.sampled_from(["", "\ufeff"])) + text


def outside(text: str) -> list[str]:
    """The lines that belong to people; empty ones may be added between them and regions."""
    loose = [piece for piece in parse(text, "a.md") if isinstance(piece, str)]
    lines = [line.removesuffix("\r") for piece in loose for line in piece.split("\n")]
    return [line for line in lines if line]


def regions(text: str) -> dict[str, Found]:
    return {one.id: one for one in parse(text, "a.md") if isinstance(one, Found)}


@settings(max_examples=400, deadline=None)
@given(edited())
def test_no_line_of_a_person_is_lost_by_any_publishing(text: str) -> None:
    before = regions(text)
    merged = merge(document("new"), text)

    assert outside(merged.text) == outside(text)
    after = regions(merged.text)
    for name, region in before.items():
        if region.edited:
            assert after[name].raw == region.raw
            assert (name, Note.HAND_EDITED) in merged.notes
    again = merge(document("new"), merged.text)
    assert again.text == merged.text
    assert plan([document("new")], {"docs/operations/a.md": merged.text}).drift == ()


@settings(max_examples=200, deadline=None)
@given(edited(), st.integers(0, 10_000))
def test_a_broken_marker_is_an_error_and_no_loss(text: str, place: int) -> None:
    markers = list(re.finditer(r"<!-- standfast:(begin|end) [^>]*-->", text))
    if not markers:
        return
    gone = markers[place % len(markers)]
    broken = text[: gone.start()] + text[gone.end() :]
    with pytest.raises(StandfastError, match=r"a\.md(:\d+)?: a marker out of place"):
        merge(document("new"), broken)


@settings(max_examples=200, deadline=None)
@given(edited())
def test_adopting_keeps_every_line(text: str) -> None:
    own = re.sub(r"(?m)^\ufeff?<!-- standfast:.*$", "", text)
    (write,) = plan([document("new")], {"docs/operations/a.md": own}, adopt=True).writes
    assert write.text.endswith(own)


def test_a_file_with_the_line_ends_of_windows_keeps_them() -> None:
    before = (document("old").text + "\nmine\n").replace("\n", "\r\n")
    merged = merge(document("new"), before)
    assert "figure new\r\n" in merged.text
    assert "\n" not in merged.text.replace("\r\n", "")
    assert merged.notes == ()
    work = plan([document("old")], {"docs/operations/a.md": before})
    assert work.drift == ()


def test_a_file_without_a_last_line_end_stays_so() -> None:
    before = document("old").text + "\nmine"
    assert merge(document("old"), before).text == before
    assert merge(document("new"), before).text.endswith("\nmine")


def test_a_marker_named_in_a_sentence_is_no_marker() -> None:
    old, new = document("x", ("header", "one")), document("x", ("header", "one", "two"))
    before = "We like `<!-- standfast:end one -->` a lot.\n\n" + old.text
    merged = merge(new, before)
    assert merged.text.startswith("We like `<!-- standfast:end one -->` a lot.\n")
    assert merged.text.index("begin two") > merged.text.index("begin one")


# ------------------------------------------------------------------ live figures


def measured(doc: Document, body: str) -> Document:
    return Document(path=doc.path, parts=(*doc.parts, Region(id=MEASURED, body=body)))


def test_live_figures_are_replaced_when_asked_for_and_else_left_alone() -> None:
    first = measured(document("a"), "## Measured, 2026-11-20 14:00 UTC\n\n3 alerts").text
    work = plan([document("a")], {"docs/operations/a.md": first})
    assert work.drift == ()
    assert work.writes[0].notes == ()
    again = merge(measured(document("a"), "## Measured, 2026-11-21 14:00 UTC\n\n4 alerts"), first)
    assert "3 alerts" not in again.text
    assert "4 alerts" in again.text
    plainly = merge(document("b"), again.text)
    assert "4 alerts" in plainly.text
    assert "figure b" in plainly.text


def test_live_figures_that_were_deleted_come_back_when_they_are_asked_for() -> None:
    merged = merge(measured(document("a"), "figures"), document("a").text)
    assert merged.notes == ((MEASURED, Note.ADDED),)
    assert merged.text.endswith("<!-- standfast:end measured -->\n")


def test_live_figures_in_a_file_generated_whole_are_no_drift() -> None:
    path = "docs/compliance/audit-events.md"
    head = "<!-- Generated by standfast; edits here are lost. -->\n\n"
    block = wrap(Region(id=MEASURED, body="## Measured, 2026-11-20 14:00 UTC\n\nseen"))
    text = f"{head}# A\n\n{block}\n"
    assert plan([Generated(path=path, text=f"{head}# A\n")], {path: text}).drift == ()
    (write,) = plan([Generated(path=path, text=f"{head}# B\n")], {path: text}).writes
    assert write.deed is Deed.UPDATE
    assert "# B" in write.text
    assert "\n\nseen\n" in write.text


# ------------------------------------------------------------------ on the disk, by the command

DAY = ("--as-of", "2026-11-24")


@pytest.fixture
def run(monkeypatch: pytest.MonkeyPatch, shop, tmp_path: Path):
    monkeypatch.setattr(spec, "read", lambda _path, _load: shop, raising=False)

    def call(*arguments: str, out: Path = tmp_path) -> Result:
        return CliRunner().invoke(publish, ["shop.yaml", "--out", str(out), *DAY, *arguments])

    return call


def test_a_file_that_is_no_text_is_refused_and_not_overwritten(run, tmp_path: Path) -> None:
    page = tmp_path / "docs/operations/SLOs.md"
    page.parent.mkdir(parents=True)
    page.write_bytes(b"caf\xe9\n")
    told = run()
    assert isinstance(told.exception, StandfastError)
    assert "docs/operations/SLOs.md: the file that stands here is no UTF-8" in str(told.exception)
    assert page.read_bytes() == b"caf\xe9\n"
    assert not (tmp_path / "ops").exists()


def test_a_link_is_not_written_through_nor_replaced(run, tmp_path: Path) -> None:
    (tmp_path / "docs/operations").mkdir(parents=True)
    (tmp_path / "mine.md").write_text("mine\n")
    link = tmp_path / "docs/operations/SLOs.md"
    link.symlink_to(tmp_path / "mine.md")
    assert "link" in str(run().exception)
    assert link.is_symlink()
    assert (tmp_path / "mine.md").read_text() == "mine\n"


def test_a_folder_or_a_giant_in_the_way_is_named(tmp_path: Path) -> None:
    (tmp_path / "a.md").mkdir()
    (tmp_path / "b.md").write_bytes(b"x" * (LARGEST + 1))
    tree = Tree(str(tmp_path))
    assert "no file" in tree.obstacle("a.md")
    assert "4 MB" in tree.obstacle("b.md")
    assert tree.obstacle("c.md") == ""
    assert tree.present("") == {}


def test_a_folder_that_cannot_be_written_gives_one_clear_error(run) -> None:
    told = run(out=Path("/proc"))
    assert isinstance(told.exception, StandfastError)
    assert "cannot write it" in str(told.exception)
    assert "/proc/docs" in str(told.exception)


def test_a_file_that_changes_meanwhile_is_not_overwritten(tmp_path: Path) -> None:
    tree = Tree(str(tmp_path))
    tree.write("a.md", "as read")
    (tmp_path / "a.md").write_text("saved by an editor just now")
    with pytest.raises(Conflict, match=r"a\.md"):
        tree.write("a.md", "new", before="as read")
    assert (tmp_path / "a.md").read_text() == "saved by an editor just now"


def test_a_compliance_document_that_is_adopted_becomes_its_notes(run, tmp_path: Path) -> None:
    page = tmp_path / "docs/compliance/retention-policy.md"
    page.parent.mkdir(parents=True)
    page.write_text("Agreed with counsel on 2026-03-01.\r\n", newline="")
    assert run("--adopt").exit_code == 0
    assert "## Notes\n\nAgreed with counsel on 2026-03-01." in page.read_text()
    notes = tmp_path / "docs/compliance/notes/retention-policy.md"
    assert "Agreed with counsel" in notes.read_text()
    assert run("--check").exit_code == 0


def test_notes_that_exist_are_joined_and_not_replaced() -> None:
    mine, older = "docs/compliance/audit-access.md", "docs/compliance/notes/audit-access.md"
    found = adopted_notes({mine: "new page\n", older: "older note\n"})
    assert found == {older: "older note\n\nnew page\n"}


def test_two_files_of_somebody_elses_are_an_error_and_stay() -> None:
    path = "docs/operations/a.md"
    present = {path: "mine\n", "docs/operations/a.standfast.md": "mine too\n"}
    with pytest.raises(StandfastError, match="somebody's own"):
        plan([document("a")], present)


# ------------------------------------------------------------------ the gate and the private build


def test_the_gate_writes_nothing_while_a_block_is_open(tmp_path: Path) -> None:
    file = tmp_path / "standfast.yaml"
    file.write_text((EXAMPLES / "seed-as-written.yaml").read_text())
    told = CliRunner().invoke(publish, [str(file), "--out", str(tmp_path), "--release", *DAY])
    assert told.exit_code == 1
    assert "not released:" in told.output
    assert re.search(r"owed by: .*\n  fix: \S", told.output)
    assert [one.name for one in tmp_path.iterdir()] == ["standfast.yaml"]
    as_json = CliRunner().invoke(
        publish, [str(file), "--out", str(tmp_path), "--release", "--json", *DAY]
    )
    found = json.loads(as_json.output)
    assert found["released"] is False
    assert all(one["to"] and one["fix"] for one in found["blocking"])


def test_a_release_edition_says_so_and_its_check_knows(tmp_path: Path) -> None:
    shop = str(EXAMPLES / "shop.yaml")
    out = ("--out", str(tmp_path))
    told = CliRunner().invoke(publish, [shop, *out, "--release", *DAY])
    assert told.exit_code == 0, told.output
    page = (tmp_path / "docs/operations/SLOs.md").read_text()
    assert "As of 2026-11-24 · **release edition** ·" in page
    assert CliRunner().invoke(publish, [shop, *out, "--check"]).exit_code == 0
    CliRunner().invoke(publish, [shop, *out, *DAY])
    assert "release edition" not in (tmp_path / "docs/operations/SLOs.md").read_text()


def test_telephone_numbers_stand_in_a_private_build_only(tmp_path: Path) -> None:
    shop, out = str(EXAMPLES / "shop.yaml"), ("--out", str(tmp_path))
    CliRunner().invoke(publish, [shop, *out, *DAY])
    texts = {one: one.read_text() for one in tmp_path.rglob("*.*") if one.is_file()}
    assert not [one for one, text in texts.items() if "+49 30 100000" in text]
    private = CliRunner().invoke(publish, [shop, *out, "--private", *DAY])
    assert "do not commit" in private.stderr
    page = (tmp_path / "docs/operations/on-call.md").read_text()
    assert "+49 30 1000001" in page
    assert "Do not commit it" in page
    assert CliRunner().invoke(publish, [shop, *out, "--check"]).exit_code == 0
    CliRunner().invoke(publish, [shop, *out, *DAY])
    assert "+49 30" not in (tmp_path / "docs/operations/on-call.md").read_text()
