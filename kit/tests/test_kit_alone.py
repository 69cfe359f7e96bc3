"""The kit inside somebody's application: alone, quiet, and quick to import."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

import standfast_kit
from standfast_kit import CircuitOpen, Kit
from standfast_kit.testing import forced

SRC = Path(standfast_kit.__file__).parents[1]
MODULES = sorted(path.stem for path in Path(standfast_kit.__file__).parent.glob("*.py"))

CODE = """
import sys, json, threading
sys.path.insert(0, sys.argv[1])
for name in json.loads(sys.argv[2]):
    __import__("standfast_kit." + name if name != "__init__" else "standfast_kit")
import standfast_kit
[getattr(standfast_kit, name) for name in standfast_kit.__all__]
print(json.dumps([sorted({m.partition(".")[0] for m in sys.modules}), threading.active_count()]))
"""


def test_every_module_imports_with_the_standard_library_alone_and_starts_no_thread() -> None:
    done = subprocess.run(
        [sys.executable, "-I", "-S", "-c", CODE, str(SRC), json.dumps(MODULES)],
        capture_output=True, text=True, check=True,
    )  # fmt: skip
    modules, threads = json.loads(done.stdout)
    strangers = {m for m in modules if m not in sys.stdlib_module_names and not m.startswith("__")}
    assert strangers == {"standfast_kit"}
    assert threads == 1


def test_importing_it_leaves_the_heavy_parts_for_later() -> None:
    code = "import sys; sys.path.insert(0, sys.argv[1]); import standfast_kit; print(*sys.modules)"
    done = subprocess.run(
        [sys.executable, "-I", "-S", "-c", code, str(SRC)],
        capture_output=True,
        text=True,
        check=True,
    )
    assert {"asyncio", "sqlite3", "ssl", "http.client"}.isdisjoint(done.stdout.split())


def test_a_breaker_is_asked_for_by_name_and_a_wrong_name_is_told_what_there_is() -> None:
    kit = Kit("shop")
    made = kit.breaker("payments", open="50% in 10s")
    assert kit.breaker("payments") is made
    with pytest.raises(ValueError, match="there are: payments"):
        kit.breaker("paymnets")
    with pytest.raises(ValueError, match="exists already"):
        kit.breaker("payments", open="10% in 10s")


def test_breakers_can_be_held_in_a_state_for_a_test() -> None:
    kit = Kit("shop")
    call = kit.breaker("payments", open="50% in 10s")(lambda: "fine")
    with forced(kit, {"payments": "forced-open"}) as events:
        with pytest.raises(CircuitOpen):
            call()
        assert [(event.name, event.after) for event in events] == [("payments", "forced-open")]
    assert call() == "fine"
    assert len(events) == 1


def test_a_secret_is_never_given_in_clear(tmp_path: Path) -> None:
    (tmp_path / "token").write_text("s3cret\n")
    assert Kit("shop", health_token=f"file:{tmp_path / 'token'}").authorised("Bearer s3cret")
    assert not Kit("shop", health_token=f"file:{tmp_path / 'none'}").authorised("Bearer ")
    assert not Kit("shop").authorised("Bearer ")
    with pytest.raises(ValueError, match="reference"):
        Kit("shop", health_token="s3cret")
