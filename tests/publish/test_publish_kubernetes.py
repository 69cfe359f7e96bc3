from __future__ import annotations

import copy
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import jsonschema
import kubernetes_validate
import pytest
import yaml
from generated_files import GENERATED, laid, run

from standfast import spec
from standfast.drivers.files import Files
from standfast.publish.kubernetes.manifest import label, names
from standfast.spec import system as s

EXAMPLES = sorted((Path(__file__).parents[2] / "examples").glob("*.yaml"))
VERSIONS = ("1.27", "1.37")
"""The oldest that has everything we write in its stable form, and the newest."""
DEPLOYMENT: dict[str, Any] = {
    "apiVersion": "apps/v1",
    "kind": "Deployment",
    "metadata": {"name": "api"},
    "spec": {
        "selector": {"matchLabels": {"app.kubernetes.io/name": "api"}},
        "template": {
            "metadata": {"labels": {"app.kubernetes.io/name": "api"}},
            "spec": {"containers": [{"name": "whatever", "image": "api:1"}]},
        },
    },
}


def manifests(texts: dict[str, str], folder: str) -> Iterator[dict[str, Any]]:
    for path, text in texts.items():
        if path.startswith(f"{GENERATED}/k8s/{folder}") and "/patches/" not in path:
            yield from yaml.safe_load_all(text)


def patched(deployment: dict[str, Any], patch: list[dict[str, Any]]) -> dict[str, Any]:
    """RFC 6902, as much of it as we write: `add` of a member."""
    result = copy.deepcopy(deployment)
    for one in patch:
        assert one["op"] == "add"
        *way, last = one["path"].removeprefix("/").split("/")
        here: Any = result
        for step in way:
            here = here[int(step)] if isinstance(here, list) else here[step]
        here[last] = one["value"]
    return result


def systems(shop: s.System) -> Iterator[s.System]:
    yield shop
    for example in EXAMPLES:
        yield spec.read(str(example), Files())


def test_kubernetes_schemas_accept_every_manifest_and_patched_deployment(
    shop: s.System, texts
) -> None:
    seen = set()
    for system in systems(shop):
        written = texts(system)
        found = [*manifests(written, "workloads"), *manifests(written, "backup")]
        for path, text in written.items():
            if "/patches/" in path:
                found.append(patched(DEPLOYMENT, yaml.safe_load(text)))
        for one in found:
            if one["kind"] != "Component":
                seen.add(one["kind"])
                for version in VERSIONS:
                    kubernetes_validate.validate(one, version, strict=True)
    assert {"PodDisruptionBudget", "Deployment"} <= seen


def test_a_schema_refuses_what_is_wrong() -> None:
    wrong = patched(DEPLOYMENT, [{"op": "add", "path": "/spec/replikas", "value": 2}])
    with pytest.raises(kubernetes_validate.ValidationError):
        kubernetes_validate.validate(wrong, "1.37", strict=True)


def closed(**members: object) -> dict[str, object]:
    """An object with these members and no others; all are needed but those of `maybe`."""
    maybe = members.pop("maybe", {})
    assert isinstance(maybe, dict)
    return {
        "type": "object",
        "properties": {**members, **maybe},
        "required": list(members),
        "additionalProperties": False,
    }


TEXT = {"type": "string", "minLength": 1}
TEXTS = {"type": "object", "additionalProperties": TEXT}
SPAN = {
    "type": "string",
    "pattern": r"^(([0-9]+)w)?(([0-9]+)d)?(([0-9]+)h)?(([0-9]+)m)?(([0-9]+)s)?$",
}
RULE = closed(
    expr=TEXT,
    maybe={"alert": TEXT, "record": TEXT, "for": SPAN, "labels": TEXTS, "annotations": TEXTS},
)
STATIC = {"type": "array", "minItems": 1, "items": TEXT}
RELABEL = closed(action={"const": "replace"}, targetLabel=TEXT, replacement=TEXT)
ENDPOINT = closed(
    targetPort={"type": "integer", "minimum": 1, "maximum": 65535},
    path={"type": "string", "pattern": "^/"},
    relabelings={"type": "array", "items": RELABEL},
    maybe={
        "scheme": {"enum": ["http", "https"]},
        "interval": SPAN,
        "scrapeTimeout": SPAN,
        "params": {"type": "object", "additionalProperties": STATIC},
    },
)
SPECS = {
    ("monitoring.coreos.com/v1", "PrometheusRule"): closed(
        groups={
            "type": "array",
            "items": closed(
                name=TEXT,
                rules={"type": "array", "minItems": 1, "items": RULE},
                maybe={"interval": SPAN},
            ),
        }
    ),
    ("monitoring.coreos.com/v1", "ServiceMonitor"): closed(
        selector=closed(matchLabels=TEXTS),
        endpoints={"type": "array", "minItems": 1, "items": ENDPOINT},
    ),
    ("monitoring.coreos.com/v1", "Probe"): closed(
        jobName=TEXT,
        interval=SPAN,
        scrapeTimeout=SPAN,
        module=TEXT,
        prober=closed(url={"type": "string", "pattern": r"^[a-z0-9.-]+:\d+$"}),
        targets=closed(staticConfig=closed(static=STATIC, labels=TEXTS)),
    ),
    ("monitoring.coreos.com/v1alpha1", "ScrapeConfig"): closed(
        jobName=TEXT,
        scheme={"enum": ["HTTP", "HTTPS"]},
        metricsPath={"type": "string", "pattern": "^/"},
        staticConfigs={"type": "array", "items": closed(targets=STATIC, labels=TEXTS)},
    ),
}
"""What we write of the operator's resources, by its definitions as of version 0.93: no field but these."""


def test_the_operators_resources_have_only_fields_that_it_knows(shop: s.System, texts) -> None:
    seen = set()
    for system in systems(shop):
        known: list[tuple[str, str]] = []
        for one in manifests(texts(system), "monitoring"):
            if one["kind"] == "Component":
                continue
            kind = (one["apiVersion"], one["kind"])
            seen.add(kind)
            assert set(one) == {"apiVersion", "kind", "metadata", "spec"}
            assert one["metadata"]["name"] == label(one["metadata"]["name"])
            known.append((one["kind"], one["metadata"]["name"]))
            jsonschema.validate(one["spec"], SPECS[kind])
        assert len(set(known)) == len(known)
    assert seen == set(SPECS)


def test_rules_in_the_cluster_are_those_of_the_file(shop: s.System, tmp_path: Path, texts) -> None:
    written = texts(shop)
    (rule,) = (one for one in manifests(written, "monitoring/prometheusrule"))
    groups = yaml.safe_load(written[f"{GENERATED}/prometheus/rules.yml"])["groups"]
    assert rule["spec"]["groups"] == groups


def test_probes_ask_what_the_file_says_as_often_as_it_says(shop: s.System, texts) -> None:
    patch = yaml.safe_load(texts(shop)[f"{GENERATED}/k8s/workloads/patches/api.yaml"])
    container = patched(DEPLOYMENT, patch)["spec"]["template"]["spec"]["containers"][0]
    assert container["livenessProbe"] == {
        "httpGet": {"path": "/health/live", "port": 8000},
        "periodSeconds": 10,
        "timeoutSeconds": 1,
        "failureThreshold": 3,
    }
    assert container["readinessProbe"]["periodSeconds"] == 5
    assert container["name"] == "whatever"


def test_series_in_the_cluster_carry_the_names_that_rules_ask_for(shop: s.System, texts) -> None:
    found = list(manifests(texts(shop), "monitoring"))
    jobs = {
        one["metadata"]["name"]: endpoint["relabelings"][0]["replacement"]
        for one in found
        if one["kind"] == "ServiceMonitor"
        for endpoint in one["spec"]["endpoints"]
    }
    assert jobs == {"web": "web", "api": "api", "db-exporter": "db"}
    (standfast,) = (one for one in found if one["kind"] == "ScrapeConfig")
    (static,) = standfast["spec"]["staticConfigs"]
    assert static == {"targets": ["standfast.shop.example.org"], "labels": {"job": "standfast"}}


def test_a_component_that_runs_once_gets_no_budget_and_the_index_says_why(
    shop: s.System, texts
) -> None:
    lone = replace(shop.components["cache"], replicas={"eu-central-1": 1})
    written = texts(replace(shop, components={**shop.components, "cache": lone}))
    budgets = [
        one["metadata"]["name"]
        for one in manifests(written, "workloads")
        if one["kind"] == "PodDisruptionBudget"
    ]
    assert budgets == ["web", "api", "db"]
    assert "cache runs once" in written[f"{GENERATED}/README.md"]


def test_names_become_labels_of_dns_and_never_the_same_one(shop: s.System) -> None:
    assert label("Cart_API") == "cart-api"
    assert label("_") == "unnamed"
    assert len(label("x" * 100)) == 63
    part = shop.components["api"]
    twins = {name: replace(part, name=name) for name in ("a_b", "a-b", "A_B")}
    assert sorted(names(replace(shop, components=twins)).values()) == ["a-b", "a-b-2", "a-b-3"]


def test_every_file_of_a_kustomize_component_is_named_in_it(
    shop: s.System, tmp_path: Path, texts
) -> None:
    folder = laid(tmp_path, texts(shop)) / "k8s"
    for kustomization in folder.glob("*/kustomization.yaml"):
        content = yaml.safe_load(kustomization.read_text(encoding="utf-8"))
        assert (content["kind"], content["apiVersion"]) == (
            "Component",
            "kustomize.config.k8s.io/v1alpha1",
        )
        named = {
            *content.get("resources", ()),
            *(one["path"] for one in content.get("patches", ())),
        }
        here = {
            path.relative_to(kustomization.parent).as_posix()
            for path in kustomization.parent.rglob("*.yaml")
        }
        assert named == here - {"kustomization.yaml"}


def test_promtool_accepts_the_rules_inside_of_the_manifest(
    shop: s.System, tmp_path: Path, texts
) -> None:
    (rule,) = manifests(texts(shop), "monitoring/prometheusrule")
    (tmp_path / "rules.yml").write_text(yaml.safe_dump(rule["spec"]), encoding="utf-8")
    run(tmp_path, "promtool", "check", "rules", "rules.yml")
