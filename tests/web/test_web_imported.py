"""A running server looks at the sources that its file was imported from."""

from __future__ import annotations

from typing import TYPE_CHECKING

from standfast.app.importing import run
from standfast.app.platform import Platform
from standfast.app.settings import Settings
from standfast_kit.clock import utc_now

if TYPE_CHECKING:
    from pathlib import Path


def problems(platform: Platform) -> list[str]:
    report = platform.examine.report(platform.accept.current(), utc_now())
    return [one.problem for one in report.counted if one.rule == "INP-07"]


def test_a_changed_source_is_found_while_the_server_runs(tmp_path: Path) -> None:
    source, file = tmp_path / "compose.yaml", tmp_path / "standfast.yaml"
    source.write_text("services: {web: {image: shop/web}}\n")
    run([str(source)], out=str(file), now=utc_now())
    database = f"sqlite:///{tmp_path / 's.db'}"
    platform = Platform(Settings(file=str(file), database=database, data=tmp_path / "data", port=0))
    try:
        platform.accept.propose(str(file))
        assert problems(platform) == []
        source.write_text("services: {web: {image: shop/web}, db: {image: 'postgres:18'}}\n")
        assert problems(platform) == ["compose.yaml is changed since it was imported"]
        source.unlink()
        assert problems(platform) == ["compose.yaml is gone since it was imported"]
    finally:
        platform.end()
