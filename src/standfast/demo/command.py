"""`standfast demo`"""

from __future__ import annotations

import json
import shutil
import sys
import tempfile
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict
from importlib.util import find_spec
from pathlib import Path

import click

from standfast.errors import ToolError

_STEPS = ("startup", "traffic", "payments", "api-failure", "database", "tampering")
_LONGEST = 50  # characters; a socket's path has 107 at most


@click.command()
@click.option("--headless", is_flag=True, help="Play the story once, check every step, and end.")
@click.option("--sabotage", metavar="STEP", type=click.Choice(_STEPS),
              help=f"Break one thing, so that this step must fail: {', '.join(_STEPS)}.")  # fmt: skip
@click.option("--folder", type=click.Path(file_okay=False, path_type=Path),
              help="Where everything lies; else a new folder that is removed at the end.")  # fmt: skip
@click.option("--port", default=0, type=click.IntRange(0, 65535), show_default="a free one",
              help="Port of standfast's pages.")  # fmt: skip
@click.option("--json", "as_json", is_flag=True, help="Tell what came of each step as JSON.")
def demo(
    headless: bool, sabotage: str | None, folder: Path | None, port: int, as_json: bool
) -> None:
    """Run a small shop, break it, and watch what standfast does about it.

    Everything listens on loopback only and lies in one folder. Ctrl-C ends it all. Exits 1 where a step
    fails, and names it.
    """
    missing = [name for name in ("aiosmtpd",) if find_spec(name) is None]
    if missing:
        raise ToolError("the demo's parts are not here", fix="pip install 'standfast[demo]'")
    from standfast.demo.processes import ended_by_signals

    with ended_by_signals(), _folder(folder) as place:
        try:
            code = _play(place, headless, sabotage or "", port, as_json)
        except KeyboardInterrupt:
            code = 130 if headless else 0
    sys.exit(code)


def _play(folder: Path, headless: bool, sabotage: str, port: int, as_json: bool) -> int:
    from standfast.demo.scene import set_up
    from standfast.demo.story.plot import play
    from standfast.demo.telling import Telling

    telling = Telling(silent=as_json)
    telling.say(f"everything lies in {folder}", "quiet")
    scene = set_up(folder, port=port, sabotage=sabotage, telling=telling)
    try:
        played = play(scene)
        failed = played[-1].failed
        if as_json:
            steps = [asdict(one) for one in played]
            click.echo(json.dumps({"passed": not failed, "took": telling.elapsed, "steps": steps}))
        if not failed and not headless:
            telling.say(f"That is all. Look around at {scene.page()} (admin, {scene.password}).")
            telling.say("Ctrl-C ends everything.", "quiet")
            threading.Event().wait()
    finally:
        scene.close()
    return 1 if failed else 0


@contextmanager
def _folder(given: Path | None) -> Iterator[Path]:
    """A given folder is kept; one of our own goes with the demo."""
    if given:
        given.mkdir(parents=True, exist_ok=True)
        if any(given.iterdir()):
            raise ToolError("the folder is not empty", where=str(given), fix="name a new one")
        if len(str(given.absolute())) > _LONGEST:
            raise ToolError(
                "the folder's name is too long for the sockets in it",
                where=str(given),
                fix=f"name one of at most {_LONGEST} characters",
            )
        yield given.absolute()
        return
    # Below /tmp, and open for others to enter: as root, PostgreSQL must run as somebody else.
    own = Path(tempfile.mkdtemp(prefix="standfast-demo-", dir="/tmp"))
    own.chmod(0o755)
    try:
        yield own
    finally:
        shutil.rmtree(own, ignore_errors=True)
