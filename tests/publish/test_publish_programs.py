from __future__ import annotations

import re
from pathlib import Path

import pytest
from generated_files import GENERATED

from standfast.spec import system as s

HERE = Path(__file__).parent
DOCS = HERE.parents[1] / "docs"
REFERENCE = DOCS / "reference" / "published-files.md"


@pytest.mark.parametrize("name", ["golden", "golden_minimal"])
def test_every_generated_file_is_as_it_was_agreed(
    name: str, shop: s.System, minimal: s.System, texts
) -> None:
    written = texts(shop if name == "golden" else minimal)
    mine = {path: text for path, text in written.items() if path.startswith(f"{GENERATED}/")}
    golden = {
        path.relative_to(HERE / name).as_posix(): path.read_bytes().decode()
        for path in (HERE / name / GENERATED).rglob("*")
        if path.is_file()
    }
    assert set(mine) == set(golden), f"if it should be so: uv run python {HERE}/regild.py"
    for path, text in mine.items():
        assert text == golden[path], f"{path} changed; if it should have: regild.py"


@pytest.mark.parametrize("which", ["shop", "bare"])
def test_the_index_names_every_file_and_whoever_owes_what_is_left_out(
    which: str, request: pytest.FixtureRequest, texts
) -> None:
    written = texts(request.getfixturevalue(which))
    index = written[f"{GENERATED}/README.md"]
    listed = set(re.findall(r"^\| \[([^]]+)\]", index, re.MULTILINE))
    files = {path.removeprefix(f"{GENERATED}/") for path in written if path.startswith(GENERATED)}
    assert listed == files - {"README.md"}
    gaps = index.partition("## Left out")[2]
    for line in re.findall(r"^\| `.*$", gaps, re.MULTILINE):
        assert re.search(r"\| [A-Z]{3}-\d\d \| [A-Z][\w/ ]+ \|$", line), line


def test_every_kind_of_generated_file_is_in_the_reference(shop: s.System, texts) -> None:
    named = re.findall(r"^\| `ops/generated/([^`]+)`", REFERENCE.read_text("utf-8"), re.MULTILINE)
    patterns = [re.sub(r"[A-Z]{2,}(?![\w.]*md)", "[^/]+", re.escape(one)) for one in named]
    for path in texts(shop):
        if path.startswith(f"{GENERATED}/"):
            below = path.removeprefix(f"{GENERATED}/")
            assert any(re.match(f"{one}$" if one[-1] != "/" else one, below) for one in patterns), (
                below
            )
