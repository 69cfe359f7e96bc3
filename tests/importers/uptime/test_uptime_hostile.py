"""Hostile files of other monitors: notes in bounded time, whatever they hold."""

from __future__ import annotations

import json
import subprocess
import sys
import time
from pathlib import Path

import pytest

from standfast.app.importing import IMPORTERS
from standfast.drivers.importers.folder import Disk
from standfast.drivers.importers.gatus.importer import Gatus
from standfast.drivers.importers.kuma.importer import UptimeKuma
from standfast.drivers.importers.slo_generator.importer import SloGenerator
from standfast.drivers.importers.source import Source
from standfast.spec.drafting.draft import NoteKind

STANDFAST = str(Path(sys.executable).with_name("standfast"))
OURS = (Gatus(), UptimeKuma(), SloGenerator())
MARKS = {
    "gatus": "endpoints:\n- conditions: ['[STATUS] == 200']\n",
    "uptime-kuma": "monitorList: []\n",
    "slo-generator": "apiVersion: sre.google.com/v2\nkind: ServiceLevelObjective\n",
}
BOMB = "a: &a [x, x, x, x, x, x, x, x, x, x]\n" + "".join(
    f"{two}: &{two} [*{one}, *{one}, *{one}, *{one}, *{one}, *{one}, *{one}, *{one}, *{one}, *{one}]\n"
    for one, two in zip("abcdefghi", "bcdefghij", strict=True)
)
SECONDS = 60  # the machine may be busy; what grows by the square takes minutes


@pytest.mark.parametrize("importer", OURS, ids=lambda one: one.name)
@pytest.mark.parametrize(
    "text", [BOMB, "\t: [", "a: [" * 100, "{{ if .x }}\n", "\x01"], ids=str.__len__
)
def test_what_is_broken_is_told_and_never_raises(
    importer: Gatus | UptimeKuma | SloGenerator, text: str, tmp_path: Path
) -> None:
    source = Source(path="x.yaml", text=MARKS[importer.name] + text)
    for one in IMPORTERS:
        one.claims(source)
    found = importer.read([source], Disk(tmp_path, [tmp_path]))
    assert found.notes
    assert len(found.notes) <= 60


MANY = {
    "gatus": lambda n: {
        "endpoints": [
            {"name": "same", "group": "g", "url": "https://x.test/", "conditions": ["[STATUS] == 200"]}
        ] * n
    },
    "uptime-kuma": lambda n: {
        "monitorList": [{"id": 1, "name": "same", "type": "ping", "hostname": "x.test"}] * n
    },
}  # fmt: skip


@pytest.mark.parametrize("importer", OURS[:2], ids=lambda one: one.name)
def test_more_than_anybody_has_is_bounded(importer: Gatus | UptimeKuma, tmp_path: Path) -> None:
    began = time.monotonic()
    source = Source(path="x.json", text=json.dumps(MANY[importer.name](5000)))
    found = importer.read([source], Disk(tmp_path, [tmp_path]))
    assert time.monotonic() - began < SECONDS
    assert len(found.names("components")) == 2000
    assert any(
        "at most 2,000" in one.text for one in found.notes if one.kind == NoteKind.UNREADABLE
    )


CONDITIONS = [
    "(" * 900,
    "[BODY]" * 100,
    "pat(" + "*" * 900 + ") == [BODY]",
    "[STATUS] == pat(*" + "?*" * 400 + ")",
]


@pytest.mark.parametrize("condition", CONDITIONS, ids=len)
def test_a_condition_takes_no_time_of_its_own(condition: str, tmp_path: Path) -> None:
    began = time.monotonic()
    config = {"endpoints": [{"name": "x", "url": "https://x.test/", "conditions": [condition]}]}
    Gatus().read([Source(path="x.json", text=json.dumps(config))], Disk(tmp_path, [tmp_path]))
    assert time.monotonic() - began < SECONDS


def run(folder: Path, *arguments: str) -> str:
    done = subprocess.run(
        [STANDFAST, "import", *arguments], cwd=folder, capture_output=True, text=True, timeout=120, check=False
    )  # fmt: skip
    assert done.returncode == 1
    assert "Traceback" not in done.stderr
    return done.stderr


@pytest.mark.parametrize(
    ("name", "data", "said"),
    [
        ("gatus.yaml", b"endpoints:\n  - name: x\n    conditions: [\n    url: y\n", "gatus.yaml:5:1: not read"),
        ("backup.json", b'{"monitorList": [{"name": ', "backup.json:2:1: not read"),
        ("kuma.db", b"SQLite format 3\0garbage", "kuma.db:1:1: cannot be read as Uptime Kuma's database"),
    ],
)  # fmt: skip
def test_a_broken_file_is_one_clear_error(
    name: str, data: bytes, said: str, tmp_path: Path
) -> None:
    (tmp_path / name).write_bytes(data)
    assert said in run(tmp_path, name)
    assert not (tmp_path / "standfast.yaml").exists()


def test_a_file_beside_the_present_folder_is_read(tmp_path: Path) -> None:
    (tmp_path / "here").mkdir()
    (tmp_path / "gatus.yaml").write_text(
        "endpoints: [{name: x, url: 'https://x.test/', conditions: ['[STATUS] == 200']}]"
    )
    done = subprocess.run(
        [STANDFAST, "import", "../gatus.yaml", "--out", "-"], cwd=tmp_path / "here",
        capture_output=True, text=True, timeout=120, check=False,
    )  # fmt: skip
    assert "from ../gatus.yaml:1" in done.stdout, done.stderr
