"""The forms for overrides and exclusions: one deed each, audited, and errors beside the field they speak of."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import TYPE_CHECKING

import httpx2
import pytest
from web_server import Standfast, until

from standfast.audit.event import SYSTEM
from standfast.incidents.incident import IncidentState
from standfast.spec.values import Sev

if TYPE_CHECKING:
    from collections.abc import Iterator


@pytest.fixture
def admin(standfast: Standfast) -> Iterator[httpx2.Client]:
    with httpx2.Client(base_url=standfast.address, follow_redirects=True, timeout=60) as http:
        http.post(
            "/sign-in", data={"name": "admin", "password": standfast.password}
        ).raise_for_status()
        yield http


def token(http: httpx2.Client, path: str) -> str:
    return re.search(r'name="csrf" value="([^"]+)"', http.get(path).text)[1]


def in_hours(standfast: Standfast, hours: float) -> str:
    return f"{standfast.platform.now() + timedelta(hours=hours):%Y-%m-%dT%H:%M}"


def wrong_of(page: str) -> dict[str, str]:
    return dict(re.findall(r'id="wrong-(\w+)" role="alert">([^<]*)<', page))


def test_an_exclusion_is_made_shown_and_cancelled(
    standfast: Standfast, admin: httpx2.Client
) -> None:
    form = {
        "csrf": token(admin, "/exclusions"), "of": "web", "kind": "maintenance", "because": "new disks",
        "starts": in_hours(standfast, 1), "ends": in_hours(standfast, 3), "by": "ada",
    }  # fmt: skip
    made = admin.post("/exclusions", data=form)
    assert made.status_code == 200
    assert "new disks" in made.text
    number = re.search(r'<tr id="(EX-\d+)">', made.text)[1]
    gone = admin.post(f"/exclusions/{number}/revoke", data={"csrf": form["csrf"]})
    assert "revoked" in gone.text
    with standfast.client("audit", "read") as api:
        log = api.get("/api/v1/audit", params={"target": f"exclusion:{number}"}).json()["entries"]
    assert [one["action"]["type"] for one in log] == ["slo.exclusion-revoked", "slo.excluded"]
    assert {one["actor"]["id"] for one in log} == {"admin"}


def test_what_is_wrong_stands_beside_its_field_and_what_was_typed_stays(
    standfast: Standfast, admin: httpx2.Client
) -> None:
    form = {
        "csrf": token(admin, "/exclusions"), "of": "wbe", "because": " ", "starts": "soon",
        "ends": in_hours(standfast, 1), "by": "eve",
    }  # fmt: skip
    page = admin.post("/exclusions", data=form)
    assert page.status_code == 422
    wrong = wrong_of(page.text)
    assert set(wrong) == {"of", "because", "starts", "by"}
    assert "web" in wrong["of"]
    assert 'aria-describedby="wrong-starts"' in page.text
    assert "<option selected>wbe</option>" in page.text
    backwards = {**form, "of": "web", "because": "x", "by": "ada", "starts": in_hours(standfast, 2)}
    assert set(wrong_of(admin.post("/exclusions", data=backwards).text)) == {"ends"}
    unpromised = {**backwards, "of": "db", "ends": in_hours(standfast, 4)}
    assert (
        "nothing is promised of db"
        in wrong_of(admin.post("/exclusions", data=unpromised).text)["of"]
    )
    assert not [
        one
        for one in standfast.platform.read.exclusions(standfast.platform.now())
        if one.of == "db"
    ]


def test_the_gate_is_overridden_and_holds_again(standfast: Standfast, admin: httpx2.Client) -> None:
    now = standfast.platform.now
    until(lambda: standfast.platform.read.gate("web", now()).answer == "yes", "a budget")
    assert "gate-overrides" not in admin.get("/services/web").text, "an open gate needs none"
    incident = standfast.platform.respond.declare("nobody can read", Sev.SEV2, "web", SYSTEM)
    try:
        form = {
            "csrf": token(admin, "/services/web"),
            "because": "",
            "by": "ada",
            "until": "2020-01-01T00:00",
        }
        refused = admin.post("/services/web/gate-overrides", data=form)
        assert refused.status_code == 422
        assert set(wrong_of(refused.text)) == {"because", "until"}
        good = {**form, "because": "the fix", "until": in_hours(standfast, 4)}
        assert "overridden" in admin.post("/services/web/gate-overrides", data=good).text
        again = admin.post("/services/web/gate-overrides", data=good)
        assert "holds for web already" in again.text
        number = standfast.platform.read.gate_overrides(now())[0].id
        held = admin.post(
            f"/services/web/gate-overrides/{number}/revoke", data={"csrf": form["csrf"]}
        )
        assert "closed" in held.text
    finally:
        standfast.platform.respond.turn(incident.id, IncidentState.RESOLVED, SYSTEM)


@pytest.mark.parametrize(
    "path", ["/exclusions", "/exclusions/EX-1/revoke", "/services/web/gate-overrides"]
)
def test_a_form_without_the_sessions_own_token_does_nothing(
    admin: httpx2.Client, path: str
) -> None:
    assert admin.post(path, data={"csrf": "made-up"}).status_code == 403
    assert httpx2.post(str(admin.base_url) + path, data={}).status_code in {303, 401, 403}
