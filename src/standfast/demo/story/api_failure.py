"""The API fails: the budget burns, somebody is paged and answers, an incident runs its course."""

from __future__ import annotations

from typing import Any

import httpx2

from standfast.demo.mailbox import Mail
from standfast.demo.processes import wait_until
from standfast.demo.scene import Scene
from standfast.demo.story.counting import Compared, compare
from standfast.demo.story.step import Facts, Step, require
from standfast_kit.clock import monotonic

_PAGED_WITHIN = 30.0  # seconds of our own stopwatch; P1 promises an answer within 5 minutes


def run(scene: Scene) -> Facts:
    say = scene.telling.say
    scene.api.do("/deploys", component="api", version="2.4.0", note="a new way to count stock")
    say("version 2.4.0 of the API is deployed; standfast marks it on the charts")
    began = monotonic()
    scene.shop.turn("api", "failing")
    try:
        say("the API answers 500 from now on", "bad")
        wait_until("a page is in the mailbox", lambda: _pages(scene), within=_PAGED_WITHIN)
        mail = _pages(scene)[0]
        say(f"after {mail.arrived - began:.1f} s to {mail.to}: {mail.subject}", "strong")
        for line in mail.text.splitlines():
            if line.startswith(("Why:", "Escalation:", "Acknowledge:")):
                say(f"  {line}", "quiet")
        say(f"a mail scanner has opened its {len(mail.links)} links already")
        scanned = _page_of(scene, mail)
        acknowledged = _acknowledge(scene, mail)
    finally:
        scene.shop.turn("api", "well")
    scene.api.do("/deploys", component="api", version="2.3.9", note="rolled back")
    number = _work_on_the_incident(scene)
    wait_until("the alert is over", lambda: not _alerting(scene), within=90)
    say("the API is well again, the alert is over")
    _finish(scene, number)
    return {
        "paged after": mail.arrived - began, "mail": mail, "scanned": scanned,
        "acknowledged": acknowledged, "incident": scene.api.see(f"/incidents/{number}"),
        "compared": compare(scene),
    }  # fmt: skip


def check(scene: Scene, facts: Facts) -> None:
    mail: Mail = facts["mail"]
    compared: Compared = facts["compared"]
    incident: dict[str, Any] = facts["incident"]
    require(facts["paged after"] < _PAGED_WITHIN, "the page came too late")
    require(200 in mail.opened, "the mail scanner could open no link of the page")
    require(facts["scanned"]["open"], "opening the link has acknowledged the page: scanners would")
    require(not facts["acknowledged"]["open"], "the page was acknowledged and is open still")
    compared.require_equal()
    require(compared.bad > 0, "the failure was not counted")
    require(compared.left < 1, "the failure has cost no budget")
    require(incident["mark"]["word"] == "resolved", "the incident is not resolved")
    kinds = {entry["kind"] for entry in incident["timeline"]}
    require({"alert", "page", "acknowledgement"} <= kinds, f"the timeline has only {kinds}")
    require(incident["post_mortem"].strip(), "there is no post-mortem")
    scene.telling.good(
        f"standfast counted {compared.bad} bad requests, the customers {compared.told.failed};"
        f" {incident['id']} is resolved, its post-mortem is drafted"
    )


def _pages(scene: Scene) -> list[Mail]:
    return scene.mailbox.mails(
        lambda mail: mail.subject.startswith("P1 api") and mail.acknowledges_at is not None
    )


def _page_of(scene: Scene, mail: Mail) -> dict[str, Any]:
    """The page as standfast shows it, found by the id that the mail names."""
    pages: list[dict[str, Any]] = scene.api.see("/pages")
    found = [page for page in pages if page["id"] in mail.text]
    require(found, "standfast does not know the page that it has sent")
    return found[0]


def _acknowledge(scene: Scene, mail: Mail) -> dict[str, Any]:
    """As a person does: by the button on the page that the link opens."""
    httpx2.post(str(mail.acknowledges_at), timeout=30, trust_env=False).raise_for_status()
    wait_until("the page is acknowledged", lambda: not _page_of(scene, mail)["open"], within=60)
    scene.telling.say("acknowledged by the link; nobody else is woken", "good")
    return _page_of(scene, mail)


def _work_on_the_incident(scene: Scene) -> str:
    incidents = scene.api.see("/incidents")["incidents"]
    mine = [one for one in incidents if one["component"] == "api"]
    require(mine, "no incident was declared")
    number = str(mine[0]["id"])
    scene.telling.say(f"{number} ({mine[0]['sev']}): {scene.page(f'/incidents/{number}')}")
    scene.api.do(f"/incidents/{number}/roles", role="commander", person="ada")
    scene.api.do(f"/incidents/{number}/notes", text="The last release answers 500. Rolled back.")
    return number


def _finish(scene: Scene, number: str) -> None:
    for state, text in (("mitigated", "Customers are well."), ("resolved", "The cause is gone.")):
        if scene.api.see(f"/incidents/{number}")["mark"]["word"] != state:
            scene.api.do(f"/incidents/{number}/status", state=state, text=text)


def _alerting(scene: Scene) -> bool:
    alerts = scene.api.see("/overview")["alerts"]
    return any(one["component"] == "api" and one["severity"] == "P1" for one in alerts)


STEP = Step(
    name="api-failure",
    title="The API fails",
    sabotage="the mailbox refuses every mail",
    run=run,
    check=check,
)
