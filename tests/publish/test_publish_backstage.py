from __future__ import annotations

import json
import re
from dataclasses import replace
from pathlib import Path

import jsonschema
import pytest
import yaml
from generated_files import GENERATED
from hypothesis import given
from hypothesis import strategies as st

from standfast import spec
from standfast.drivers.files import Files
from standfast.publish.backstage import name
from standfast.spec import system as s

EXAMPLES = sorted((Path(__file__).parents[2] / "examples").glob("*.yaml"))
PATH = f"{GENERATED}/backstage/catalog-info.yaml"
NAME = re.compile(r"[A-Za-z0-9]+([-_.][A-Za-z0-9]+)*")
SPECS = {
    "System": ({"owner"}, set()),
    "Group": ({"type", "children", "profile"}, set()),
    "Component": ({"type", "lifecycle", "owner", "system"}, {"dependsOn"}),
    "Resource": ({"type", "owner", "system"}, {"dependsOn"}),
}
"""What Backstage's catalogue model asks of each kind, and what we may add."""


def entities(texts: dict[str, str]) -> list[dict]:
    return list(yaml.safe_load_all(texts[PATH]))


@pytest.mark.parametrize("example", [None, *EXAMPLES], ids=lambda one: one.stem if one else "test")
def test_every_entity_has_what_the_catalogue_asks_for_and_points_at_one_that_is_there(
    example: Path | None, shop: s.System, texts
) -> None:
    found = entities(texts(spec.read(str(example), Files()) if example else shop))
    refs = {f"{one['kind'].lower()}:default/{one['metadata']['name']}" for one in found}
    assert len(refs) == len(found)
    groups = {one["metadata"]["name"] for one in found if one["kind"] == "Group"}
    systems = {one["metadata"]["name"] for one in found if one["kind"] == "System"}
    for one in found:
        assert one["apiVersion"] == "backstage.io/v1alpha1"
        assert NAME.fullmatch(one["metadata"]["name"])
        assert len(one["metadata"]["name"]) <= 63
        needed, allowed = SPECS[one["kind"]]
        assert needed <= set(one["spec"]) <= needed | allowed
        assert set(one["spec"].get("dependsOn", ())) <= refs
        assert one["spec"].get("owner", "unknown") in groups | {"unknown"}
        assert {one["spec"].get("system")} <= systems | {None}
        for link in one["metadata"].get("links", ()):
            assert re.match(r"https?://", link["url"])


def test_needs_and_owners_are_those_of_the_file(shop: s.System, texts) -> None:
    found = {(one["kind"], one["metadata"]["name"]): one["spec"] for one in entities(texts(shop))}
    assert found["Component", "api"]["dependsOn"] == [
        "resource:default/db", "resource:default/cache", "resource:default/payments"
    ]  # fmt: skip
    assert found["Component", "api"]["owner"] == "storefront"
    assert found["Resource", "db"]["owner"] == "platform"
    assert found["Resource", "db"]["type"] == "postgresql"


def test_an_owner_that_nobody_names_is_owed(bare: s.System, texts) -> None:
    written = texts(bare)
    assert "web has no owner" in written[f"{GENERATED}/README.md"]
    assert {one["spec"]["owner"] for one in entities(written)} == {"unknown"}


def test_names_that_differ_in_capitals_only_stay_two(shop: s.System, texts) -> None:
    part = replace(shop.components["api"], needs={})
    twins = {one: replace(part, name=one) for one in ("Cart", "cart", "a__b")}
    system = replace(
        shop, components=twins, journeys={}, service_levels={}, alerts={}, backups={}, data={},
        degradations=(),
    )  # fmt: skip
    names = [
        one["metadata"]["name"] for one in entities(texts(system)) if one["kind"] == "Component"
    ]
    assert names == ["Cart", "cart-2", "a_b"]


@given(st.text(max_size=90))
def test_any_text_becomes_a_name_that_backstage_takes(words: str) -> None:
    assert NAME.fullmatch(name(words))
    assert len(name(words)) <= 63


def test_the_schema_of_the_file_is_published_and_takes_the_examples(shop: s.System, texts) -> None:
    schema = json.loads(texts(shop)[f"{GENERATED}/standfast.schema.json"])
    jsonschema.Draft202012Validator.check_schema(schema)
    assert schema == spec.schema()
