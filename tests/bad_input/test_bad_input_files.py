"""Bad input gets one clear message and a documented exit code, soon and within bounds; never a traceback.

All of it through the program that people run, in a process of its own.
"""

from __future__ import annotations

import os
import re
import socket
import sqlite3
import subprocess
import sys
import time
from pathlib import Path
from typing import NamedTuple

import pytest

STANDFAST = str(Path(sys.executable).with_name("standfast"))
PATIENCE = 90  # seconds, on a busy machine; the work itself takes under one
MOST_MEMORY = 400  # MB
HEAD = "system: {name: shop}\ncomponents:\n"
GOOD = HEAD + "  web: {type: http, url: 'http://127.0.0.1:9/'}\n"

# name: (text, what the message begins with, what it says)
MISTAKES = {
    "an unknown key": (
        HEAD + "  web: {type: http, onwer: ada}\n",
        "file.yaml:3:21: error:",
        "unknown key 'onwer'; did you mean 'owner'?",
    ),
    "no unit": (
        HEAD + "  web: {type: http, url: 'https://w.test', probe_every: 15}\n",
        "file.yaml:3:57: error:",
        "not a duration: '15'; write for example 30s",
    ),
    "a wrong unit": (
        HEAD + "  db: {type: postgresql}\ndata:\n  orders: {store: db, rpo: 5 parsecs}\n",
        "file.yaml:5:28: error:",
        "not a duration: '5 parsecs'",
    ),
    "a percentage without its sign": (
        HEAD + "  web: {type: http, availability: 99.9}\n",
        "file.yaml:3:35: error:",
        "%",
    ),
    "a key twice": (
        HEAD + "  web: {type: http}\n  web: {type: web}\n",
        "file.yaml:4:3: error:",
        "the key 'web' is here twice; it was given first on line 3",
    ),
    "a reference to nothing": (
        HEAD + "  web: {type: http, needs: {db: hard}}\n",
        "file.yaml:3:33: error:",
        "there is no component 'db'; known are web",
    ),
    "an include of nothing": (
        GOOD + "include: [nowhere.yaml]\n",
        "file.yaml:4:11: error:",
        "'nowhere.yaml' cannot be read",
    ),
    "aliases that explode": (
        "a0: &a0 [x, x, x, x, x, x, x, x, x]\n"
        + "".join(f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 9)}]\n" for n in range(1, 12)),
        "file.yaml:6:",
        "more than 200,000 values, aliases counted each time",
    ),
    "nesting without end": ("[" * 5000, "file.yaml:1:41: error:", "nested more than 40 deep"),
    "a tag that would run a program": (
        'system: !!python/object/apply:os.system ["touch ran"]\n',
        "file.yaml:1:9: error:",
        "tags are not used in this file",
    ),
    "a key that stands too far in": (
        HEAD + "  web: {type: http}\n   db: {type: postgresql}\n",
        "file.yaml:4:4: error:",
        "expected key; it stands further in or out than what it belongs to: indent alike",
    ),
    "no end of a list": ("system: [\n", "file.yaml:2:1: error:", "expected node content"),
    "a list instead of a mapping": ("- 1\n", "file.yaml:1:1: error:", "a file is a mapping"),
    "nothing": ("", "file.yaml:1:1: error:", "the file is empty"),
    "a control character": ("a\0b", "file.yaml:1:2: error:", "a character that YAML does not allow"),
}  # fmt: skip


class Ended(NamedTuple):
    code: int
    out: str
    err: str
    memory: int  # MB at the peak
    took: float


def run(*arguments: str, folder: Path, **environment: str) -> Ended:
    """The program, run to its end in `folder`, and the most memory that it took."""
    began = time.perf_counter()
    with (folder / "out").open("w+") as out, (folder / "err").open("w+") as err:
        process = subprocess.Popen(
            [STANDFAST, *arguments],
            cwd=folder,
            stdout=out,
            stderr=err,
            env={**os.environ, "NO_COLOR": "1", **environment},
        )
        try:
            code, memory = _wait(process, began + PATIENCE)
        finally:
            if process.returncode is None:
                process.kill()
                process.wait()
        out.seek(0), err.seek(0)
        return Ended(code, out.read(), err.read(), memory, time.perf_counter() - began)


def _wait(process: subprocess.Popen[bytes], until: float) -> tuple[int, int]:
    # Not ru_maxrss: a child begins with that of the process it was forked from.
    memory = 0
    while time.perf_counter() < until:
        memory = max(memory, _memory(process.pid))
        if process.poll() is not None:
            return process.returncode, memory
        time.sleep(0.005)
    raise AssertionError(f"still at work after {PATIENCE} s")


def _memory(pid: int) -> int:
    """The most that it has held so far, in MB; 0 once it is gone."""
    try:
        status = Path(f"/proc/{pid}/status").read_text()
    except OSError:
        return 0
    peak = [line for line in status.splitlines() if line.startswith("VmHWM")]
    return int(peak[0].split()[1]) // 1024 if peak else 0


def assert_refused(ended: Ended, code: int = 2) -> None:
    assert ended.code == code, ended.err
    assert "Traceback" not in ended.err + ended.out
    assert ended.out == ""
    assert ended.memory < MOST_MEMORY
    assert len(ended.err) < 5_000


@pytest.mark.parametrize("name", MISTAKES)
def test_a_mistake_in_a_file_is_told_with_its_place(name: str, tmp_path: Path) -> None:
    text, begins, says = MISTAKES[name]
    (tmp_path / "file.yaml").write_text(text)

    ended = run("review", "file.yaml", folder=tmp_path)

    assert_refused(ended)
    assert ended.err.startswith(begins)
    assert says in ended.err
    assert len(re.findall(r"^\S+:\d+:\d+: error:", ended.err, re.MULTILINE)) == 1
    assert not (tmp_path / "ran").exists()


def test_a_file_of_50_mb_is_refused_by_its_size(tmp_path: Path) -> None:
    line = "  c{}: {{type: http, url: 'https://c.shop.test/and/a/long/address'}}\n"
    with (tmp_path / "file.yaml").open("w") as file:
        file.write(HEAD)
        file.writelines(line.format(number) for number in range(750_000))
    assert (tmp_path / "file.yaml").stat().st_size > 50e6

    ended = run("review", "file.yaml", folder=tmp_path)

    assert_refused(ended)
    assert "at most 4,000,000 are read; split it with `include:`" in ended.err


def test_a_binary_file_is_none_of_ours(tmp_path: Path) -> None:
    (tmp_path / "file.yaml").write_bytes(bytes(range(256)) * 100)

    ended = run("review", "file.yaml", folder=tmp_path)

    assert_refused(ended)
    assert ended.err.startswith(
        "file.yaml:1:1: error: the file cannot be read: it is no UTF-8 text"
    )


def test_a_folder_is_no_file(tmp_path: Path) -> None:
    (tmp_path / "folder").mkdir()

    ended = run("review", "folder", folder=tmp_path)

    assert_refused(ended)
    assert "folder" in ended.err
    assert "directory" in ended.err
    assert "init" not in ended.err  # which would not help


@pytest.mark.parametrize("command", ["serve", "token"])
def test_a_data_folder_that_cannot_be_made_is_told(command: str, tmp_path: Path) -> None:
    (tmp_path / "file.yaml").write_text(GOOD)
    (tmp_path / "taken").write_text("a file, where a folder would have to be")
    arguments = (
        ("file.yaml", "--port", "0")
        if command == "serve"
        else ("make", "--name", "t", "--scope", "read")
    )

    ended = run(command, *arguments, "--data", "taken/data", folder=tmp_path)

    assert_refused(ended, code=1)
    assert ended.err == (
        "error: taken/data: cannot make the data folder: Not a directory\n"
        "  fix: let this user write to the folder above it, or give another --data\n"
    )


def test_an_address_of_another_machine_is_told_apart_from_a_port_that_is_taken(
    tmp_path: Path,
) -> None:
    (tmp_path / "file.yaml").write_text(GOOD)

    ended = run("serve", "file.yaml", "--host", "192.0.2.1", "--port", "0", folder=tmp_path)

    assert_refused(ended, code=1)
    assert ended.err.endswith("  fix: give --host an address of this machine\n")


def test_a_token_of_a_new_data_folder_is_said_to_be_known_nowhere_else(tmp_path: Path) -> None:
    make = ("token", "make", "--name", "t", "--scope", "read", "--data", "data")

    first, second = run(*make, folder=tmp_path), run(*make, folder=tmp_path)

    assert (first.code, second.code) == (0, 0)
    assert first.err.startswith("data was not there and is new")
    assert second.err == ""


def test_a_command_that_is_misspelt_is_told_with_the_nearest(tmp_path: Path) -> None:
    ended = run("revew", folder=tmp_path)

    assert_refused(ended)
    assert "No such command 'revew'. Did you mean 'review'?" in ended.err


@pytest.mark.parametrize("command", ["review", "publish"])
def test_a_file_that_is_not_there_is_told_with_a_way_out(command: str, tmp_path: Path) -> None:
    ended = run(command, "nowhere.yaml", folder=tmp_path)

    assert_refused(ended)
    assert "nowhere.yaml" in ended.err
    assert "No such file or directory" in ended.err


@pytest.mark.parametrize("command", [("publish",), ("serve", "--port", "0")])
def test_other_commands_tell_the_same_mistake_in_the_same_words(
    command: tuple[str, ...], tmp_path: Path
) -> None:
    text, begins, says = MISTAKES["an unknown key"]
    (tmp_path / "file.yaml").write_text(text)

    ended = run(*command, "file.yaml", folder=tmp_path)

    assert_refused(ended)
    assert ended.err.startswith(begins)
    assert says in ended.err
    assert not (tmp_path / "docs").exists()


def test_a_port_that_is_taken_is_told_and_leaves_nothing_behind(tmp_path: Path) -> None:
    (tmp_path / "file.yaml").write_text(GOOD)
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]

        ended = run("serve", "file.yaml", "--port", str(port), "--data", "data", folder=tmp_path)

    assert_refused(ended, code=1)
    assert ended.err == (
        f"error: 127.0.0.1: cannot listen on port {port}: Address already in use\n"
        "  fix: free it, or give another --port\n"
    )
    assert not (tmp_path / "data").exists()


def test_a_port_that_is_taken_leaves_a_data_folder_as_it_was(tmp_path: Path) -> None:
    (tmp_path / "file.yaml").write_text(GOOD)
    made = run("token", "make", "--name", "t", "--scope", "read", "--data", "data", folder=tmp_path)
    assert made.code == 0, made.err
    before = _content(tmp_path / "data")
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]

        ended = run("serve", "file.yaml", "--port", str(port), "--data", "data", folder=tmp_path)

    assert_refused(ended, code=1)
    assert _content(tmp_path / "data") == before


@pytest.mark.parametrize(
    "command", [("serve", "file.yaml", "--port", "0"), ("token", "list")], ids=["serve", "token"]
)
def test_a_database_newer_than_the_program_is_left_alone(
    command: tuple[str, ...], tmp_path: Path
) -> None:
    (tmp_path / "file.yaml").write_text(GOOD)
    made = run("token", "make", "--name", "t", "--scope", "read", "--data", "data", folder=tmp_path)
    assert made.code == 0, made.err
    database = tmp_path / "data" / "standfast.db"
    connection = sqlite3.connect(database)
    with connection:
        connection.execute("UPDATE alembic_version SET version_num = '9999_from_tomorrow'")
    rows = list(connection.iterdump())
    connection.close()

    ended = run(*command, "--data", "data", folder=tmp_path)

    assert_refused(ended, code=1)
    assert "the database was written by a newer standfast (schema 9999_from_tomorrow)" in ended.err
    assert "fix: start the standfast that wrote it, or a newer one" in ended.err
    connection = sqlite3.connect(database)
    assert list(connection.iterdump()) == rows
    connection.close()


@pytest.mark.parametrize(
    ("url", "says"),
    [
        ("nonsense", "not the address of a database"),
        ("mysql://somebody@127.0.0.1/shop", "no mysql here"),
    ],
)
def test_a_database_that_is_none_is_refused_with_what_would_do(
    url: str, says: str, tmp_path: Path
) -> None:
    (tmp_path / "file.yaml").write_text(GOOD)

    ended = run("serve", "file.yaml", "--port", "0", "--database", url, folder=tmp_path)

    assert_refused(ended, code=1)
    assert says in ended.err
    assert "sqlite:///PATH or postgresql://USER@HOST/NAME" in ended.err


def test_a_database_file_that_is_none_is_refused(tmp_path: Path) -> None:
    (tmp_path / "file.yaml").write_text(GOOD)
    (tmp_path / "letter.db").write_text("Dear Sir or Madam,\n" * 500)

    url = "sqlite:///letter.db"
    ended = run("serve", "file.yaml", "--port", "0", "--database", url, folder=tmp_path)

    assert_refused(ended, code=1)


def test_a_postgresql_that_does_not_answer_is_told(tmp_path: Path) -> None:
    (tmp_path / "file.yaml").write_text(GOOD)
    with socket.socket() as closed:  # bound and not listening: nobody else gets the port meanwhile
        closed.bind(("127.0.0.1", 0))
        url = f"postgresql://nobody@127.0.0.1:{closed.getsockname()[1]}/shop"

        ended = run("serve", "file.yaml", "--port", "0", "--database", url, folder=tmp_path)

    assert_refused(ended, code=1)


def _content(folder: Path) -> dict[str, bytes]:
    return {
        str(file.relative_to(folder)): file.read_bytes()
        for file in sorted(folder.rglob("*"))
        if file.is_file()
    }
