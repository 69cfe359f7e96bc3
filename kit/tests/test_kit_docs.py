"""What the kit offers is in the documents, and the documents' code runs."""

import dataclasses
import inspect
import re
from pathlib import Path

import pytest

import standfast_kit
from standfast_kit import Audit, Kit, RetryQueue, Rule

DOCS = Path(__file__).parents[2] / "docs"
REFERENCE = (DOCS / "reference" / "kit.md").read_text(encoding="utf-8")
HOW_TO = (DOCS / "how-to" / "use-the-kit.md").read_text(encoding="utf-8")


def settings(of: type) -> set[str]:
    return {name for name in inspect.signature(of).parameters if name not in ("name", "path")}


@pytest.mark.parametrize("name", standfast_kit.__all__)
def test_every_public_name_is_explained(name: str) -> None:
    assert re.search(rf"\b{name}\b", REFERENCE + HOW_TO) or name == "State"


def test_every_setting_is_explained() -> None:
    wanted = {field.name for field in dataclasses.fields(Rule)}
    wanted |= settings(Kit) | settings(Audit) | settings(RetryQueue)
    missing = {name for name in wanted if f"`{name}`" not in REFERENCE}
    assert missing <= {"version", "directory", "randomness"}


def test_every_metric_is_explained(tmp_path: Path) -> None:
    kit = Kit("shop", audit=Audit(tmp_path))
    names = re.findall(r"^# TYPE (\S+)", kit.registry.expose(), re.MULTILINE)
    assert len(names) > 15
    assert [name for name in names if f"`{name}`" not in REFERENCE] == []


def test_the_code_of_the_how_to_runs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    blocks = re.findall(r"```python\n(.*?)```", HOW_TO, re.DOTALL)
    code = "\n".join(blocks).replace("/tmp/standfast-", f"{tmp_path}/")
    code = code.replace("127.0.0.1:8080", "127.0.0.1:1")  # nobody's server
    assert len(blocks) > 7
    monkeypatch.setenv("HEALTH_TOKEN", "t")
    exec(compile(code, "use-the-kit.md", "exec"), {"__name__": "how_to"})
