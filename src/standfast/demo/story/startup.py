"""The shop and standfast start; a page is there within a minute."""

from __future__ import annotations

import httpx2

from standfast.demo import postgres
from standfast.demo.processes import wait_until
from standfast.demo.scene import Scene
from standfast.demo.story.database import synchronous
from standfast.demo.story.step import Facts, Step, require
from standfast.demo.tea import PARTS

_FIRST_PAGE = 60.0  # seconds


def run(scene: Scene) -> Facts:
    scene.standfast.start(scene.processes)
    scene.database.start(scene.processes)
    postgres.make_database(scene.database)
    wrong = scene.database.url.replace(f":{scene.database.port}/", ":1/")
    scene.shop.start(scene.processes, database=wrong if scene.sabotaged("startup") else "")
    told = scene.standfast.wait(scene.processes)
    scene.password = told.get("password") or ""
    first_page = scene.telling.elapsed
    scene.telling.say(f"standfast is at {scene.page()}", "strong")
    scene.telling.say(f"sign in as admin with the password {scene.password}", "strong")
    scene.shop.wait(scene.processes)
    scene.telling.say(f"the shop is at {scene.shop.address('web')}/")
    wait_until("standfast sees every part of the shop", lambda: _all_well(scene), within=60)
    wait_until("the dead man's switch hears of it", lambda: _heard(scene), within=60)
    wait_until("every commit waits for its copy", lambda: synchronous(scene), within=60)
    return {"first page": first_page, "components": _marks(scene)}


def check(scene: Scene, facts: Facts) -> None:
    require(
        facts["first page"] < _FIRST_PAGE,
        f"the first page was there after {facts['first page']:.0f} s, promised within 60 s",
    )
    page = httpx2.get(scene.page(), timeout=30, trust_env=False, follow_redirects=True)
    require(page.is_success and "<html" in page.text, "the first page is not a page")
    require("Sencha" in scene.shop.visit(), "the shop does not show its goods")
    review = scene.standfast.told("review", str(scene.standfast.file), allowed=(0, 1, 2, 3))
    verdict = str(review.get("verdict", "")).upper()
    require(verdict == "ACCEPT", f"the review of the shop is {verdict}, not ACCEPT")


def _heard(scene: Scene) -> bool:
    return scene.watchman.silent_for is not None


def _marks(scene: Scene) -> dict[str, str]:
    overview = scene.api.see("/overview")
    return {one["name"]: one["mark"]["word"] for one in overview["components"]}


def _all_well(scene: Scene) -> bool:
    seen = _marks(scene)
    return all(seen.get(part) == "healthy" for part in (*PARTS, "db"))


STEP = Step(
    name="startup",
    title="The shop opens",
    sabotage="the shop is told a wrong database",
    run=run,
    check=check,
)
