"""Backstage's catalogue: components, references in all their short forms, owners, Locations."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from imported_drafts import cited, draft, edges, facts, is_taken_whole, notes
from standfast.drivers.importers.backstage.importer import Backstage
from standfast.drivers.importers.source import Source
from standfast.errors import StandfastError
from standfast.spec.drafting.draft import Draft, NoteKind

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path


@pytest.fixture
def read(tmp_path: Path) -> Callable[..., Draft]:
    def reading(*entities: str, **files: str) -> Draft:
        text = "\n---\n".join(f"apiVersion: backstage.io/v1alpha1\n{one}" for one in entities)
        found = draft(
            Backstage(), tmp_path, {"catalog-info.yaml": text} | files, "catalog-info.yaml"
        )
        assert is_taken_whole(found)
        return found

    return reading


def entity(kind: str, name: str, meta: str = "", **spec: object) -> str:
    return f"kind: {kind}\nmetadata: {{name: {name}{meta}}}\nspec: {json.dumps(spec)}\n"


def component(name: str, **spec: object) -> str:
    return entity("Component", name, **({"type": "service", "lifecycle": "production"} | spec))


@pytest.mark.parametrize(
    "reference",
    [
        "resource:orders-db",
        "Resource:orders-db",
        "resource:default/orders-db",
        "RESOURCE:Default/Orders-DB",
    ],
)
def test_a_reference_in_any_form_is_the_edge(read: Callable[..., Draft], reference: str) -> None:
    found = read(
        component("orders", dependsOn=[reference]),
        entity("Resource", "orders-db", type="postgresql"),
    )
    assert edges(found) == {"orders -> orders-db"}
    assert cited(found, "orders.needs.orders-db") == ["catalog-info.yaml:4"]


def test_without_a_kind_a_component_is_meant_in_the_namespace_of_the_entity(
    read: Callable[..., Draft],
) -> None:
    found = read(
        entity(
            "Component",
            "web",
            ", namespace: shop",
            type="website",
            dependsOn=["api", "default/api"],
        ),
        entity("Component", "api", ", namespace: shop", type="service"),
        entity("Component", "api", type="service"),
    )
    assert len(edges(found)) == 2


def test_dependency_of_is_the_edge_the_other_way(read: Callable[..., Draft]) -> None:
    found = read(
        component("orders"),
        entity("Resource", "q", type="rabbitmq", dependencyOf=["component:orders"]),
    )
    assert edges(found) == {"orders -> q"}


def test_a_consumer_needs_whoever_provides_the_api(read: Callable[..., Draft]) -> None:
    found = read(
        component("web", consumesApis=["prices", "api:default/nobodys"]),
        component("pricing", providesApis=["api:prices"]),
        entity("API", "prices", type="grpc", definition="..."),
    )
    assert edges(found) == {"web -> pricing"}
    assert facts(found)["pricing.type"] == "grpc"
    assert any("nobodys" in one for one in notes(found, NoteKind.DETECTED))


def test_a_reference_to_nobody_is_told(read: Callable[..., Draft]) -> None:
    found = read(component("a", dependsOn=["component:gone", "system:x"]), entity("System", "x"))
    assert edges(found) == set()
    assert any("component:gone" in one for one in notes(found, NoteKind.DETECTED))
    assert any("a system" in one for one in notes(found, NoteKind.UNSUPPORTED))


@pytest.mark.parametrize(
    ("kind", "type_", "name", "expected"),
    [
        ("Component", "website", "x", "web"),
        ("Component", "cronjob", "x", "cron"),
        ("Component", "data-pipeline", "x", "other"),
        ("Resource", "database", "orders-postgres", "postgresql"),
        ("Resource", "database", "orders", "other"),
        ("Resource", "s3-bucket", "x", "object-store"),
        ("Resource", "kafka-topic", "x", "kafka"),
        ("Resource", "redis", "x", "redis"),
        ("Resource", "sqs-queue", "x", "queue"),
        ("Resource", "kubernetes-cluster", "x", "host"),
    ],
)
def test_types_are_what_the_catalogue_says(
    read: Callable[..., Draft], kind: str, type_: str, name: str, expected: str
) -> None:
    assert facts(read(entity(kind, name, type=type_)))[f"{name}.type"] == expected


def test_libraries_do_not_run_and_deprecated_things_do(read: Callable[..., Draft]) -> None:
    found = read(
        component("lib", type="library"), component("old", lifecycle="deprecated"),
        component("new", lifecycle="experimental"),
    )  # fmt: skip
    assert found.names("components") == ("old", "new")
    assert any("lib" in one for one in notes(found, NoteKind.SKIPPED))
    assert len(notes(found, NoteKind.DETECTED)) == 2


def test_owners_are_teams_with_the_people_that_are_in_them(read: Callable[..., Draft]) -> None:
    found = read(
        component("orders", owner="group:default/shop"),
        component("prices", owner="shop"),
        component("mail", owner="user:cy"),
        component("lost", owner="nobody"),
        entity("Group", "shop", type="team", children=[], members=["ada"]),
        entity("Group", "idle", type="team", children=[], members=["ada"]),
        entity("User", "ada", profile={"displayName": "Ada Ito", "email": "ada@example.com"}),
        entity("User", "bo", memberOf=["group:default/shop"], profile={"email": "no address"}),
    )
    said = facts(found)
    assert said["orders.owner"] == said["prices.owner"] == "shop"
    assert said["teams.shop.members"] == ("ada", "bo")
    assert said["teams.cy.members"] == ("cy",)
    assert said["teams.nobody.members"] == ()
    assert said["people.ada.name"] == "Ada Ito"
    assert said["people.ada.email"] == "ada@example.com"
    assert "people.bo.email" not in said
    assert found.names("teams") == ("shop", "cy", "nobody")
    assert any("1 groups own nothing" in one for one in notes(found, NoteKind.SKIPPED))


def test_a_group_without_members_has_those_of_the_groups_below_it(
    read: Callable[..., Draft],
) -> None:
    found = read(
        component("a", owner="all"),
        entity("Group", "all", type="org", children=["some", "all"]),
        entity("Group", "some", type="team", children=["all"]),
        entity("User", "ada", memberOf=["some"]),
    )
    assert facts(found)["teams.all.members"] == ("ada",)


def test_links_to_the_running_thing_are_its_url(read: Callable[..., Draft]) -> None:
    known = {
        "Service": "https://github.com/x/y", "Docs": "https://docs.example.com",
        "Website": "https://me:hunter2-x@shop.example.com",
        "Production": "https://shop.example.com",
        "Status page": "https://s.example.com",
    }  # fmt: skip
    links = f", links: {json.dumps([{'url': url, 'title': title} for title, url in known.items()])}"
    found = read(entity("Component", "shop", links, type="website"))
    assert "hunter2" not in repr(found)
    assert facts(found)["shop.url"] == "https://shop.example.com"
    assert facts(found)["shop.status_page"] == "https://s.example.com"


def test_one_system_names_the_file_and_several_do_not(read: Callable[..., Draft]) -> None:
    assert facts(read(component("a", system="shop")))["system.name"] == "shop"
    found = read(component("a"), entity("System", "shop"), entity("System", "bank"))
    assert "system.name" not in facts(found)
    assert any("2 systems" in one for one in notes(found, NoteKind.DETECTED))


def test_a_component_and_a_resource_of_one_name_are_two(read: Callable[..., Draft]) -> None:
    found = read(component("x", dependsOn=["resource:x"]), entity("Resource", "x", type="redis"))
    assert edges(found) == {"x -> x-resource"}


def test_locations_are_followed_within_the_folder(
    read: Callable[..., Draft], tmp_path: Path
) -> None:
    (tmp_path.parent / "outside.yaml").write_text(
        "apiVersion: backstage.io/v1alpha1\nkind: Component\n"
    )
    more = "apiVersion: backstage.io/v1alpha1\n" + component("deep") + "---\n"
    back = "apiVersion: backstage.io/v1alpha1\n" + entity(
        "Location", "l", targets=["../catalog-info.yaml"]
    )
    targets = [
        "./sub/more.yaml",
        "./sub/*.yaml",
        "https://example.com/c.yaml",
        "../outside.yaml",
        "none.yaml",
    ]
    found = read(
        component("top"),
        entity("Location", "all", type="file", target="./sub/more.yaml", targets=targets),
        **{"sub/more.yaml": more + back},
    )
    assert found.names("components") == ("top", "deep")
    assert len(notes(found, NoteKind.UNSUPPORTED)) == 2
    assert len(notes(found, NoteKind.UNREADABLE)) == 2


def test_templates_are_told_and_not_imported(read: Callable[..., Draft]) -> None:
    found = read(component("'${{ values.name }}'"), component("a", owner="${{ values.owner }}"))
    assert found.names("components") == ("a",)
    assert "a.owner" not in facts(found)
    assert len(notes(found, NoteKind.PLACEHOLDER)) == 2


@pytest.mark.parametrize(
    ("text", "claimed"),
    [
        ("apiVersion: backstage.io/v1alpha1\nkind: Component\n", True),
        ('{"kind": "User", "apiVersion": "backstage.io/v1beta1"}', True),
        ("apiVersion: backstage.io/v1alpha1\nmetadata: {{ broken }}\n", True),
        ("apiVersion: v1\nkind: Pod\n", False),
        ("see apiVersion: backstage.io/v1alpha1 in the manual\n", False),
        ("\x00", False),
    ],
)
def test_claims(text: str, claimed: bool) -> None:
    assert Backstage().claims(Source(path="x.yaml", text=text)) is claimed


TREES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=6),
    lambda inner: st.lists(inner, max_size=3)
    | st.dictionaries(
        st.sampled_from(["name", "owner", "type", "dependsOn", "members", "memberOf", "profile", "links",
                         "url", "targets", "target", "children", "providesApis", "consumesApis"]),
        inner, max_size=4,
    ),
    max_leaves=10,
)  # fmt: skip


class NoFolder:
    def read(self, path: str, beside: str = "") -> Source:
        raise StandfastError("is not there", where=path)

    def exists(self, path: str, beside: str = "") -> bool:
        return False


@given(
    st.lists(
        st.tuples(
            st.sampled_from(
                ["Component", "Resource", "Group", "User", "Location", "System", "API", "X"]
            ),
            TREES,
            TREES,
        ),
        max_size=4,
    )
)
def test_whatever_the_shapes_nothing_is_raised(found: list[tuple[str, object, object]]) -> None:
    text = "\n---\n".join(
        json.dumps(
            {"apiVersion": "backstage.io/v1alpha1", "kind": kind, "metadata": meta, "spec": spec}
        )
        for kind, meta, spec in found
    )
    Backstage().read([Source(path="x.yaml", text=text)], NoFolder())
