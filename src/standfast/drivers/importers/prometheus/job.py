"""One job of a scrape configuration and its targets, those in files among them."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from standfast.drivers.importers import nodes, promql
from standfast.drivers.importers.bounding import listed
from standfast.drivers.importers.manifests import opened
from standfast.drivers.importers.nodes import at
from standfast.drivers.importers.secrets import is_secret, secret_note
from standfast.drivers.importers.source import place
from standfast.errors import StandfastError
from standfast.spec.drafting.draft import NoteKind
from standfast.spec.tree import Refused

if TYPE_CHECKING:
    from collections.abc import Iterator

    from standfast.drivers.importers.levels import Levels
    from standfast.drivers.importers.source import Folder
    from standfast.spec.tree import Node

_TARGET = re.compile(r"(?:\[[0-9a-fA-F:.]+\]|[A-Za-z0-9._-]+)(?::\d{1,5})?")
_TEMPLATE = re.compile(r"\$\{?[A-Za-z_(]|\{\{|<[^>]*>|%[A-Za-z_]+%")
_CREDENTIALS = (
    "basic_auth",
    "authorization",
    "bearer_token",
    "bearer_token_file",
    "oauth2",
    "tls_config",
    "sigv4",
)
_MOST_FILES = 50
MOST_TARGETS = 2_000
LONGEST = 1_000  # of a target or a name


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Job:
    name: str
    node: Node
    named: Node
    every: Node | None  # where its interval is stated, by itself or for all
    probes: bool  # a blackbox exporter asks the targets
    module: str
    alone: bool = False


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Target:
    address: str
    labels: dict[str, str]
    scheme: str
    path: str
    node: Node


def jobs(config: Node, levels: Levels) -> Iterator[Job]:
    whole = at(config, "global", "scrape_interval")
    for one in nodes.items(config, "scrape_configs"):
        named = at(one, "job_name") or one
        name = nodes.text(one, "job_name")
        if not name or len(name) > LONGEST or _TEMPLATE.search(name):
            levels.note(NoteKind.PLACEHOLDER, "a job without a plain name", named)
            continue
        every = at(one, "scrape_interval") or whole
        relabeled = nodes.items(one, "relabel_configs")
        probes = any(nodes.text(rule, "target_label") == "__param_target" for rule in relabeled)
        modules = nodes.items(one, "params", "module")
        fixed = every if every is not None and promql.is_duration(nodes.text(every)) else None
        module = nodes.text(modules[0]) if modules else ""
        _told(name, one, probes, levels)
        yield Job(
            name=name,
            node=one,
            named=named,
            every=fixed,
            probes=probes,
            module=module,
            alone=sum(
                len(nodes.items(part, "targets")) for part in nodes.items(one, "static_configs")
            )
            == 1,
        )


def _told(name: str, one: Node, probes: bool, levels: Levels) -> None:
    """What of a job the file has no word for."""
    rules = at(one, "relabel_configs")
    if rules is not None and not probes and nodes.items(rules):
        said = f"{name} changes its targets by relabel_configs; they are taken as they are written"
        levels.note(NoteKind.UNSUPPORTED, said, rules)
    if (dropped := at(one, "metric_relabel_configs")) is not None:
        levels.note(
            NoteKind.UNSUPPORTED,
            f"{name} changes its metrics by metric_relabel_configs; left out",
            dropped,
        )
    found = [
        key
        for key, _, _ in nodes.entries(one)
        if key.endswith("_sd_configs") and key != "file_sd_configs"
    ]
    if found:
        said = (
            f"the targets of {name} are found by "
            f"{listed(key.removesuffix('_sd_configs') for key in found)}; import what "
        )
        said += "it asks (the manifests, the service catalogue), or name its targets"
        levels.note(NoteKind.UNSUPPORTED, said, at(one, found[0]) or one)
    keys = list(dict.fromkeys(_secrets(one)))
    if keys:
        levels.notes.append(secret_note(keys, name, place(next(_credentials(one)))))
    elif credentials := list(_credentials(one)):
        said = f"{name} is scraped with credentials; standfast scrapes without, so give it a way in"
        levels.note(NoteKind.UNSUPPORTED, said, credentials[0])
    params = [
        key
        for key, _, _ in nodes.entries(one, "params")
        if not (probes and key in {"module", "target"})
    ]
    if params:
        levels.note(
            NoteKind.UNSUPPORTED,
            f"{name} is asked with parameters ({listed(params)}); left out",
            at(one, "params") or one,
        )


def _credentials(one: Node) -> Iterator[Node]:
    return (node for key in _CREDENTIALS if (node := at(one, key)) is not None)


def _secrets(one: Node) -> Iterator[str]:
    for path in (
        ("basic_auth", "password"),
        ("authorization", "credentials"),
        ("bearer_token",),
        ("oauth2", "client_secret"),
    ):
        said = nodes.text(one, *path)
        if said and not said.startswith(("<", "$", "{{")):
            yield ".".join(path)
    for key, value in nodes.texts(one, "params").items():
        if is_secret(key, value):
            yield f"params.{key}"


# ------------------------------------------------------------------ targets


def targets(job: Job, folder: Folder, levels: Levels) -> list[Target]:
    scheme = nodes.text(job.node, "scheme") or "http"
    path = nodes.text(job.node, "metrics_path") or "/metrics"
    found: list[Target] = []
    for part in (*nodes.items(job.node, "static_configs"), *_in_files(job, folder, levels)):
        labels = nodes.texts(part, "labels")
        for node in nodes.items(part, "targets"):
            text = nodes.text(node)
            if len(text) > LONGEST:
                levels.note(NoteKind.UNSUPPORTED, f"a target of {job.name} is no address", node)
            elif _TEMPLATE.search(text):
                levels.note(
                    NoteKind.PLACEHOLDER,
                    f"the target {text[:80]!r} of {job.name} is not filled in",
                    node,
                )
            elif is_secret("", text):
                levels.notes.append(secret_note(["a target"], job.name, place(node)))
            elif job.probes or _TARGET.fullmatch(text):
                found.append(
                    Target(
                        address=text,
                        labels=labels,
                        scheme=labels.get("__scheme__", scheme),
                        path=labels.get("__metrics_path__", path),
                        node=node,
                    )
                )
            else:
                levels.note(
                    NoteKind.UNSUPPORTED,
                    f"the target {text[:80]!r} of {job.name} is no host and port",
                    node,
                )
    if len(found) > MOST_TARGETS:
        said = f"{job.name} has {len(found):,} targets; the first {MOST_TARGETS:,} are looked at"
        levels.note(NoteKind.SKIPPED, said, job.named)
    return found[:MOST_TARGETS]


def _in_files(job: Job, folder: Folder, levels: Levels) -> Iterator[Node]:
    files = [
        node
        for one in nodes.items(job.node, "file_sd_configs")
        for node in nodes.items(one, "files")
    ]
    for node in files[:_MOST_FILES]:
        path = nodes.text(node)[:LONGEST]
        if "*" in path or _TEMPLATE.search(path):
            said = f"the targets of {job.name} are in {path[:100]}: a pattern is not followed; name the file"
            levels.note(NoteKind.PLACEHOLDER, said, node)
            continue
        try:
            for tree in folder.read(path, job.node.file).documents:
                yield from opened(tree)
        except StandfastError as error:
            levels.note(
                NoteKind.UNREADABLE,
                f"the targets of {job.name} in {path[:100]}: {error.problem}",
                node,
            )
        except Refused as refused:
            said = f"the targets of {job.name} in {path[:100]}: {refused.problem.sentence}"
            levels.note(NoteKind.UNREADABLE, said, node)
