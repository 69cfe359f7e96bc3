"""Hostile Kubernetes files: bounded time, a note, and never an exception."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from imported_drafts import deployment, draft, env, notes
from standfast.drivers.importers.backstage.importer import Backstage
from standfast.drivers.importers.folder import Disk
from standfast.drivers.importers.kubernetes.importer import Kubernetes
from standfast.drivers.importers.score.importer import Score
from standfast.drivers.importers.source import Source
from standfast.spec.drafting.draft import NoteKind

if TYPE_CHECKING:
    from pathlib import Path


def test_an_alias_bomb_is_a_note(tmp_path: Path) -> None:
    bomb = "apiVersion: v1\nkind: Pod\na0: &a0 [x, x]\n" + "".join(
        f"a{n}: &a{n} [*a{n - 1}, *a{n - 1}, *a{n - 1}, *a{n - 1}]\n" for n in range(1, 30)
    )
    found = draft(Kubernetes(), tmp_path, {"bomb.yaml": bomb})
    assert len(notes(found, NoteKind.UNREADABLE)) == 1


def test_a_hundred_thousand_documents_take_their_time_and_no_more(tmp_path: Path) -> None:
    one = "apiVersion: v1\nkind: Pod\nmetadata: {name: p%d}\n---\n"
    source = Source(path="many.yaml", text="".join(one % n for n in range(100_000)))
    started = time.process_time()
    assert Kubernetes().claims(source)
    found = Kubernetes().read([source], Disk(tmp_path, [tmp_path]))
    assert time.process_time() - started < 60
    assert len(found.notes) <= 400


def test_the_cost_grows_with_the_system_and_not_with_its_square(tmp_path: Path) -> None:
    def cost(many: int) -> float:
        text = "".join(
            deployment(f"s{n}", env=env(NEXT_URL=f"http://s{(n + 1) % many}:80"))
            for n in range(many)
        )
        source = Source(path="all.yaml", text=text)
        assert source.documents
        started = time.process_time()
        found = Kubernetes().read([source], Disk(tmp_path, [tmp_path]))
        assert len(found.edges) == many
        return time.process_time() - started

    cost(50)
    assert cost(3000) < 40 * cost(300)


def test_a_list_of_lists_ends(tmp_path: Path) -> None:
    text = "apiVersion: v1\nkind: List\nitems: [" * 30 + "]" * 30
    assert draft(Kubernetes(), tmp_path, {"all.yaml": text}).facts == ()


@pytest.mark.parametrize(
    "text", ["\n" * 2_000_000, " " * 2_000_000, "{{ " * 700_000, "kind:\n" * 300_000]
)
def test_claiming_looks_at_a_text_once(text: str) -> None:
    started = time.process_time()
    for importer in (Kubernetes(), Backstage(), Score()):
        importer.claims(Source(path="a.yaml", text=text))
    assert time.process_time() - started < 20


TREES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=8),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(
                ["spec", "template", "containers", "env", "name", "value", "ports", "selector", "metadata",
                 "labels", "rules", "http", "paths", "host", "volumes", "data", "from", "ingress"]
            ),
            inner,
            max_size=4,
        )
    ),
    max_leaves=12,
)  # fmt: skip
KINDS = [
    "Deployment", "Pod", "CronJob", "Service", "Ingress", "HTTPRoute", "VirtualService", "NetworkPolicy",
    "ConfigMap", "Secret", "HorizontalPodAutoscaler", "ServiceMonitor", "IngressRoute", "Route", "HTTPProxy",
    "Gateway", "List", "PersistentVolumeClaim", "StatefulSet", "EndpointSlice",
]  # fmt: skip


@given(kinds=st.lists(st.tuples(st.sampled_from(KINDS), TREES, TREES), min_size=1, max_size=4))
def test_whatever_the_shapes_nothing_is_raised(
    kinds: list[tuple[str, object, object]], tmp_path_factory: object
) -> None:
    import json

    documents = [
        {
            "apiVersion": "v1",
            "kind": kind,
            "metadata": meta,
            "spec": spec,
            "data": spec,
            "items": meta,
        }
        for kind, meta, spec in kinds
    ]
    source = Source(path="all.json", text="\n---\n".join(json.dumps(one) for one in documents))
    importer = Kubernetes()
    importer.claims(source)
    importer.read([source], NoFolder())


class NoFolder:
    """A folder in which nothing is found."""

    def read(self, path: str, beside: str = "") -> Source:
        from standfast.errors import StandfastError

        raise StandfastError("is not there", where=path)

    def exists(self, path: str, beside: str = "") -> bool:
        return False


@given(entries=st.dictionaries(
    st.sampled_from(["resources", "patches", "images", "replicas", "components", "configMapGenerator",
                     "namePrefix", "patchesJson6902", "secretGenerator", "patchesStrategicMerge"]),
    TREES, max_size=4,
))  # fmt: skip
def test_whatever_a_kustomization_holds_nothing_is_raised(entries: dict[str, object]) -> None:
    import json

    source = Source(path="kustomization.yaml", text=json.dumps(entries))
    Kubernetes().read([source], NoFolder())
