"""Kustomizations: built as far as they are plain, chosen among, and never followed in circles or outside."""

from __future__ import annotations

from typing import TYPE_CHECKING

from imported_drafts import deployment, draft, edges, env, facts, notes
from standfast.drivers.importers.kubernetes.importer import Kubernetes
from standfast.spec.drafting.draft import NoteKind

if TYPE_CHECKING:
    from pathlib import Path

BASE = {
    "base/kustomization.yaml": "resources: [api.yaml, db.yaml]\n",
    "base/api.yaml": deployment("api", env=env(DB_HOST="db")),
    "base/db.yaml": deployment("db", "team/store:1", port="5432"),
}
PROD = """
    resources: [../../base]
    namespace: shop
    namePrefix: live-
    images: [{name: team/store, newName: postgres, newTag: "18"}]
    replicas: [{name: api, count: 5}]
    patches:
      - path: probe.yaml
      - target: {kind: Deployment, name: db}
        patch: |
          - {op: add, path: /spec/replicas, value: 2}
"""
PROBE = """
    apiVersion: apps/v1
    kind: Deployment
    metadata: {name: api}
    spec:
      template:
        spec:
          containers:
            - name: main
              env: [{name: CACHE_URL, value: "redis://cache.example.net:6379"}]
              livenessProbe: {httpGet: {path: /live, port: 80}}
"""
OVERLAYS = BASE | {
    "overlays/dev/kustomization.yaml": "resources: [../../base]\nreplicas: [{name: api, count: 1}]\n",
    "overlays/prod/kustomization.yaml": PROD,
    "overlays/prod/probe.yaml": PROBE,
}


def test_an_overlay_is_its_base_changed(tmp_path: Path) -> None:
    found = draft(Kubernetes(), tmp_path, OVERLAYS, "overlays/prod/kustomization.yaml")
    said = facts(found)
    assert set(found.names("components")) == {"live-api", "live-db", "cache"}
    assert said["live-api.replicas"] == 5
    assert said["live-db.replicas"] == 2
    assert said["live-db.type"] == "postgresql"
    assert said["live-db.address"] == "live-db.shop:5432"
    assert said["live-api.health.live.path"] == "/live"
    assert edges(found) == {"live-api -> live-db", "live-api -> cache"}


def test_each_value_cites_the_file_that_says_it(tmp_path: Path) -> None:
    found = draft(Kubernetes(), tmp_path, OVERLAYS, "overlays/prod/kustomization.yaml")
    files = {fact.dotted: fact.places[0].file for fact in found.facts}
    assert files["components.live-api.replicas"] == "overlays/prod/kustomization.yaml"
    assert files["components.live-api.health.live.path"] == "overlays/prod/probe.yaml"
    assert files["components.live-api.needs.live-db"] == "base/api.yaml"


def test_of_several_overlays_production_is_read_and_the_others_told(tmp_path: Path) -> None:
    found = draft(Kubernetes(), tmp_path, OVERLAYS)
    assert facts(found)["live-api.replicas"] == 5
    told = notes(found, NoteKind.SKIPPED)
    assert len(told) == 1
    assert "overlays/dev/kustomization.yaml" in told[0]


def test_patches_are_no_workloads_of_their_own(tmp_path: Path) -> None:
    files = {name: text for name, text in OVERLAYS.items() if "dev" not in name}
    found = draft(Kubernetes(), tmp_path, files)
    assert set(found.names("components")) == {"live-api", "live-db", "cache"}


def test_a_patch_takes_things_away(tmp_path: Path) -> None:
    files = BASE | {
        "kustomization.yaml": """
            resources: [base]
            patches:
              - patch: |-
                  $patch: delete
                  apiVersion: apps/v1
                  kind: Deployment
                  metadata: {name: db}
        """
    }
    assert draft(Kubernetes(), tmp_path, files).names("components") == ("api",)


def test_components_change_what_they_are_put_upon(tmp_path: Path) -> None:
    files = BASE | {
        "kustomization.yaml": "resources: [base]\ncomponents: [more]\n",
        "more/kustomization.yaml": """
            kind: Component
            apiVersion: kustomize.config.k8s.io/v1alpha1
            patches: [{target: {kind: Deployment}, patch: "[{op: add, path: /spec/replicas, value: 4}]"}]
        """,
        "unused/kustomization.yaml": "kind: Component\nresources: [x.yaml]\n",
        "unused/x.yaml": deployment("x"),
    }
    found = draft(Kubernetes(), tmp_path, files)
    assert found.names("components") == ("api", "db")
    assert facts(found)["api.replicas"] == 4
    assert any("unused" in one for one in notes(found, NoteKind.SKIPPED))


def test_generated_config_maps_are_read_and_generated_secrets_are_not(tmp_path: Path) -> None:
    files = BASE | {
        "kustomization.yaml": """
            resources: [base, worker.yaml]
            configMapGenerator:
              - {name: conf, literals: [API_URL=http://api], envs: [more.env]}
            secretGenerator: [{name: keys, envs: [secret.env]}]
        """,
        "more.env": "# comment\nDB_HOST=db\n",
        "secret.env": "TOKEN=hunter2-x\n",
        "worker.yaml": """
            apiVersion: v1
            kind: Pod
            metadata: {name: worker}
            spec: {containers: [{name: w, image: team/w, envFrom: [{configMapRef: {name: conf}}]}]}
        """,
    }
    found = draft(Kubernetes(), tmp_path, files)
    assert edges(found) == {"api -> db", "worker -> api", "worker -> db"}
    assert "hunter2" not in repr(found)
    assert any("keys is generated" in one for one in notes(found, NoteKind.SECRET))


def test_what_is_not_plain_is_told_one_by_one(tmp_path: Path) -> None:
    files = BASE | {
        "kustomization.yaml": """
            resources: [base, "https://me:hunter2-x@example.com/x?ref=v1", missing.yaml]
            helmCharts: [{name: redis}]
            replacements: [{path: x}]
            patches: [{target: {kind: Deployment, labelSelector: "a in (b)"}, patch: "[]"}]
        """
    }
    found = draft(Kubernetes(), tmp_path, files)
    unsupported = " ".join(notes(found, NoteKind.UNSUPPORTED))
    for word in (
        "https://***@example.com/x",
        "helmCharts",
        "replacements",
        "more than equal labels",
    ):
        assert word in unsupported
    assert any("missing.yaml" in one for one in notes(found, NoteKind.UNREADABLE))
    assert found.names("components") == ("api", "db")


def test_circles_end(tmp_path: Path) -> None:
    files = {
        "a/kustomization.yaml": "resources: [../b, api.yaml]\ncomponents: [../b]\n",
        "a/api.yaml": deployment("api"),
        "b/kustomization.yaml": "resources: [../a]\n",
    }
    found = draft(Kubernetes(), tmp_path, files, "a/kustomization.yaml")
    assert found.names("components") == ("api",)
    assert any("itself" in one for one in notes(found, NoteKind.UNREADABLE))


def test_a_tree_of_doublings_costs_no_more_than_its_files(tmp_path: Path) -> None:
    files = {
        f"k{level}/kustomization.yaml": f"resources: [../k{level + 1}, ./../k{level + 1}]\n"
        for level in range(18)
    }
    files |= {
        "k18/kustomization.yaml": "resources: [api.yaml]\n",
        "k18/api.yaml": deployment("api"),
    }
    assert draft(Kubernetes(), tmp_path, files).names("components") == ("api",)


def test_nothing_outside_of_the_folder_is_read(tmp_path: Path) -> None:
    (tmp_path / "outside.yaml").write_text(deployment("outside"))
    (tmp_path / "in").mkdir()
    (tmp_path / "in" / "link.yaml").symlink_to(tmp_path / "outside.yaml")
    files = {"kustomization.yaml": "resources: [../outside.yaml, link.yaml, /etc/passwd]\n"}
    found = draft(Kubernetes(), tmp_path / "in", files, "kustomization.yaml")
    assert found.facts == ()
    assert len(notes(found, NoteKind.UNREADABLE)) == 3
