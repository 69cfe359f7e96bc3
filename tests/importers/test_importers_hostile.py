"""Hostile and broken sources: a note or one clear error, in bounded time and memory."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from standfast.drivers.importers import folder as folders
from standfast.drivers.importers.folder import Disk
from standfast.errors import StandfastError
from standfast.spec.drafting.draft import NoteKind

if TYPE_CHECKING:
    from conftest import Sources

STANDFAST = str(Path(sys.executable).with_name("standfast"))
PATIENCE = 60  # seconds, on a busy machine
MOST_MEMORY = 700  # MB
_MEASURED = (
    "import resource, subprocess, sys\n"
    "done = subprocess.run(sys.argv[1:], capture_output=True, text=True)\n"
    "peak = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss // 1024\n"
    "print(done.returncode, peak)\n"
    "print(done.stdout + done.stderr)\n"
)


def run(folder: Path, *arguments: str) -> tuple[int, str]:
    """Exit code and words of the program itself, which must stay within bounds."""
    began = time.monotonic()
    done = subprocess.run(
        [sys.executable, "-c", _MEASURED, STANDFAST, "import", *arguments],
        cwd=folder,
        capture_output=True,
        text=True,
        timeout=PATIENCE * 2,
        check=True,
    )
    head, _, words = done.stdout.partition("\n")
    code, peak = map(int, head.split())
    assert time.monotonic() - began < PATIENCE
    assert peak < MOST_MEMORY, f"{peak} MB"
    assert "Traceback" not in words
    return code, words


def bomb() -> str:
    lines = ["x0: &x0 [a, a, a, a, a, a, a, a, a, a]"]
    lines += [f"x{n}: &x{n} [{', '.join([f'*x{n - 1}'] * 10)}]" for n in range(1, 12)]
    return "\n".join([*lines, "services: {web: {image: *x11}}"])


def many(number: int) -> str:
    return "services:\n" + "".join(f"  s{n}: {{image: x/s{n}}}\n" for n in range(number))


TEXTS = {
    "an alias bomb": (bomb(), "aliases counted each time"),
    "100,000 services": (many(100_000), "100,000 services; at most 2,000 are read"),
    "deep nesting": ("services: " + "{a: " * 3000 + "}" * 3000, "nested more than"),
    "deep lists": ("services: " + "[" * 100_000, "nested more than"),
    "broken YAML": ("services: {web: {image: x}\n", "compose.yaml:2:1: expected ',' or '}'"),
    "control characters": ("services: {web: \x01}", "a character that YAML does not allow"),
    "nothing": ("", "is of no format that can be imported"),
}


@pytest.mark.parametrize("name", TEXTS)
def test_a_hostile_text_gets_one_clear_answer(name: str, sources: Sources) -> None:
    text, said = TEXTS[name]
    sources.write("compose.yaml", text)
    code, words = run(sources.folder, "compose.yaml")

    assert code == 1, words
    assert said in words
    assert len(words) < 5_000
    assert not (sources.folder / "standfast.yaml").exists()


def test_two_thousand_services_are_read(sources: Sources) -> None:
    sources.write("compose.yaml", many(2_000))
    code, words = run(sources.folder, ".")

    assert code == 0, words
    assert "imported 2000 components" in words


def test_50_megabytes_are_not_read(sources: Sources) -> None:
    sources.write("compose.yaml", "services: {web: {image: x}}\n" + "# padding\n" * 5_000_000)

    assert "holds more than 16,000,000 bytes" in run(sources.folder, "compose.yaml")[1]
    assert "holds more than 2,000,000 bytes" in run(sources.folder, ".")[1]


def test_a_binary_file_is_not_read(sources: Sources) -> None:
    (sources.folder / "compose.yaml").write_bytes(b"services:\0\xff\xfe")

    assert run(sources.folder, "compose.yaml")[1].startswith(
        "error: compose.yaml: is no UTF-8 text"
    )


def test_a_pipe_and_a_device_are_not_waited_for(sources: Sources) -> None:
    os.mkfifo(sources.folder / "compose.yaml")

    assert "is no plain file" in run(sources.folder, "compose.yaml")[1]
    assert "is no plain file" in run(sources.folder, ".")[1]
    assert "is no plain file" in run(sources.folder, "/dev/zero")[1]


def test_a_link_out_of_the_folder_is_not_followed(
    sources: Sources, tmp_path_factory: pytest.TempPathFactory
) -> None:
    outside = tmp_path_factory.mktemp("outside") / "secret.yaml"
    outside.write_text("services: {hidden: {image: postgres}}\n", encoding="utf-8")
    sources.write(
        "compose.yaml",
        f"include: [link.yaml, {outside}, ../../outside0/secret.yaml]\nservices:\n"
        "  web: {image: x/web, extends: {file: link.yaml, service: hidden}, env_file: /etc/passwd}\n",
    )
    (sources.folder / "link.yaml").symlink_to(outside)
    read = sources.compose()

    assert read.components == {"web"}
    told = [one for one in read.notes(NoteKind.UNREADABLE) if "leads out of the folder" in one]
    assert len(told) == 4
    disk = Disk(sources.folder, [sources.folder])
    assert [one.path for one in disk.find(sources.folder).sources] == ["compose.yaml"]
    assert ["leads out" in one.text for one in disk.find(sources.folder).notes] == [True]


def test_a_link_within_the_folder_is_followed(sources: Sources) -> None:
    sources.write("real/base.yaml", "services: {db: {image: postgres}}\n")
    sources.write("compose.yaml", "include: [base.yaml]\nservices: {web: {image: x}}\n")
    (sources.folder / "base.yaml").symlink_to("real/base.yaml")

    assert sources.compose().components == {"web", "db"}


def test_links_in_a_circle_end(sources: Sources) -> None:
    (sources.folder / "a.yaml").symlink_to("b.yaml")
    (sources.folder / "b.yaml").symlink_to("a.yaml")
    (sources.folder / "self").symlink_to(".")
    sources.write("compose.yaml", "services: {web: {image: x}}\n")

    assert sources.found().components == {"web"}


def test_includes_that_double_each_time_end(sources: Sources) -> None:
    for number in range(30):
        sources.write(
            f"c{number}.yaml",
            f"include: [c{number + 1}.yaml, ./c{number + 1}.yaml]\nservices: {{s{number}: {{image: x}}}}\n",
        )
    sources.write("c30.yaml", "services: {last: {image: x}}\n")
    began = time.monotonic()
    read = sources.compose("c0.yaml")

    assert time.monotonic() - began < PATIENCE
    assert "last" in read.components


def test_a_long_value_is_looked_through_in_good_time(sources: Sources) -> None:
    sources.write(
        "compose.yaml",
        "services:\n  web:\n    image: x\n    environment:\n"
        + "".join(
            f"      A{n}_URL: '{'a.' * 1900}{'@:' * 50}'\n      B{n}_HOST: '{',' * 3900}'\n"
            for n in range(200)
        )
        + f"    command: '{'http://a:' * 4000}'\n    healthcheck: {{test: '{'http://x' * 5000}'}}\n",
    )
    began = time.monotonic()
    sources.compose()

    assert time.monotonic() - began < PATIENCE


def test_a_folder_without_end_is_left_at_a_bound(
    sources: Sources, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(folders, "MOST_ENTRIES", 50)
    for number in range(60):
        sources.write(f"f{number:02}.yaml", "a: 1\n")
    deep = "/".join(["d"] * 20)
    sources.write(f"a/{deep}/compose.yaml", "services: {web: {image: x}}\n")
    found = Disk(sources.folder, [sources.folder]).find(sources.folder)

    assert any("the rest is left" in one.text for one in found.notes)


def test_all_files_together_have_a_bound(sources: Sources, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(folders, "MOST_BYTES", 100)
    disk = Disk(sources.folder, [sources.folder])
    sources.write("a.yaml", "a" * 60)
    sources.write("b.yaml", "b" * 60)
    disk.read("a.yaml")

    with pytest.raises(StandfastError, match="more than 100 bytes in all"):
        disk.read("b.yaml")
