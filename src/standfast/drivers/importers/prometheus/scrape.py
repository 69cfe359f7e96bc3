"""Scrape configurations in, a draft out: what is scraped and probed, and where."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import TYPE_CHECKING

from standfast.drivers.importers import nodes
from standfast.drivers.importers.bounding import bounded, listed
from standfast.drivers.importers.levels import Levels, ordered
from standfast.drivers.importers.manifests import manifests, marked
from standfast.drivers.importers.nodes import at
from standfast.drivers.importers.prometheus import families
from standfast.drivers.importers.prometheus.job import Job, Target, jobs, targets
from standfast.drivers.importers.prometheus.subjects import known_types
from standfast.spec.drafting.draft import Draft, NoteKind, join
from standfast.spec.drafting.mending import fit

if TYPE_CHECKING:
    from collections.abc import Sequence

    from standfast.drivers.importers.source import Folder, Source
    from standfast.spec.tree import Node

_MARK = re.compile(r"[\"']?scrape_configs[\"']?\s*:")
_NAMES = ("component", "service", "service_name", "app", "application")
_GENERIC = re.compile(
    r"blackbox|probe|http|https|tcp|icmp|ping|ssl|tls|web-?sites?|urls?|endpoints?|uptime|synthetic",
    re.IGNORECASE,
)
_URL = re.compile(r"https?://[^\s/?#{}<>@]+[^\s{}<>]*")
_ADDRESS = re.compile(r"[A-Za-z0-9._-]+:\d{1,5}")


def is_scrape(node: Node) -> bool:
    configs = at(node, "scrape_configs")
    return configs is not None and configs.items is not None and at(node, "apiVersion") is None


class PrometheusScrape:
    """`prometheus.yml`: static targets and those in files; what else discovery finds is not known."""

    name = "prometheus-scrape"

    def claims(self, source: Source) -> bool:
        return marked(source, _MARK, is_scrape)

    def read(self, sources: Sequence[Source], folder: Folder, known: Draft | None = None) -> Draft:
        reading = _Reading(Levels(), known_types(known))
        for one in filter(is_scrape, manifests(sources, reading.levels.notes)):
            for job in jobs(one, reading.levels):
                reading.job(job, targets(job, folder, reading.levels))
            reading.rules(one)
        reading.rest()
        joined = join([reading.levels.draft()])
        return replace(joined, facts=tuple(ordered(joined.facts)), notes=bounded(joined.notes))


class _Reading:
    def __init__(self, levels: Levels, types: dict[str, str]) -> None:
        self.levels, self.types = levels, types
        self.urls: dict[str, str] = {}
        self.watching: list[tuple[str, Node]] = []

    def job(self, job: Job, found: list[Target]) -> None:
        if not found:
            return
        if job.probes:
            for one in found:
                self._probed(job, one)
            return
        if families.watches(job.name):
            self.watching.append((job.name, job.named))
            return
        parts: dict[str, list[Target]] = {}
        for one in found:
            parts.setdefault(self._called(one) or "", []).append(one)
        for called, several in parts.items():
            self._scraped(job, called, several)

    def _called(self, target: Target) -> str:
        return next(
            (said for key in _NAMES if (said := target.labels.get(key, "")) and "{{" not in said),
            "",
        )

    def _scraped(self, job: Job, called: str, several: list[Target]) -> None:
        first = several[0]
        speaks = families.of_job(job.name, first.address.rpartition(":")[2])
        name, word = called or job.name, "scrape"
        if speaks is not None:
            name, kind, word = self._spoken_for(job, called, first, *speaks)
        else:
            kind = ""
            short = name.rpartition("/")[2]
            name = short if fit(short) in self.types else name
        of = self.levels.component(name, job.named if not called else first.node)
        if kind and of not in self.types:
            self.levels.put(("components", of, "type"), kind, first.node)
        self.levels.put(
            ("components", of, word), f"{first.scheme}://{first.address}{first.path}", first.node
        )
        if job.every is not None:
            self.levels.put(("components", of, "scrape_every"), nodes.text(job.every), job.every)
        if len(several) > 1:
            said = (
                f"{of} has {len(several)} targets; the file scrapes one address, so {first.address} "
                "is taken: name one "
            )
            said += "that answers for all, or write a component for each"
            self.levels.note(NoteKind.UNSUPPORTED, said, several[1].node)
            if word == "scrape" and kind != "host":
                self.levels.put(
                    ("components", of, "replicas"), len(several), *(one.node for one in several[:3])
                )

    def _spoken_for(
        self, job: Job, called: str, target: Target, what: str, kind: str
    ) -> tuple[str, str, str]:
        """The component that an exporter speaks for: a known one of its type, or one called after the job."""
        word = "scrape" if kind == "host" else "exporter"
        if called:
            return called, kind, word
        mine = [one for one, its in self.types.items() if its == kind]
        host = target.address.rpartition(":")[0]
        near = [one for one in mine if one in host or one in job.name]
        if len(near or mine) == 1:
            return (near or mine)[0], kind, word
        plain = re.sub(r"[-_.]?(?:exporter|metrics)[-_.]?", "", job.name) or what
        self.levels.note(
            NoteKind.DETECTED,
            f"{job.name} is taken for an exporter that speaks for a {what}",
            job.named,
        )
        return plain, kind, word

    def _probed(self, job: Job, target: Target) -> None:
        text = target.address
        if not job.module.startswith("http") and not _URL.fullmatch(text):
            if _ADDRESS.fullmatch(text) and "icmp" not in job.module:
                of = self.levels.component(
                    self._name(job, target, text.partition(":")[0]), target.node
                )
                self.levels.put(("components", of, "address"), text, target.node)
                return
            said = (
                f"{text[:100]} is probed by {job.module[:40] or 'no module that is named'}; the file "
                "probes URLs and ports"
            )
            self.levels.note(NoteKind.UNSUPPORTED, said, target.node)
            return
        url = text if "://" in text else f"http://{text}"
        if not _URL.fullmatch(url):
            self.levels.note(
                NoteKind.PLACEHOLDER,
                f"{text[:100]!r} is no address that could be probed",
                target.node,
            )
            return
        host = re.split(r"[/:?#]", url.partition("://")[2])[0]
        of = self.levels.component(self._name(job, target, host), target.node)
        if of not in self.types:
            self.levels.put(("components", of, "type"), "http", target.node)
        if self.urls.setdefault(of, url) != url:
            said = f"{of} is probed at {url[:100]} too; the file has one url for each component"
            self.levels.note(NoteKind.UNSUPPORTED, said, target.node)
            return
        self.levels.put(("components", of, "url"), url, target.node)
        if job.every is not None:
            self.levels.put(("components", of, "probe_every"), nodes.text(job.every), job.every)

    def _name(self, job: Job, target: Target, host: str) -> str:
        called = self._called(target) or target.labels.get("name", "")
        if called:
            return called
        near = [one for one in self.types if one in re.split(r"[^A-Za-z0-9_-]+", host)]
        if len(near) == 1:
            return near[0]
        return job.name if job.alone and not _GENERIC.search(job.name) else host

    def rules(self, config: Node) -> None:
        files = nodes.items(config, "rule_files")
        if files:
            said = f"rule files are imported by their own names: {listed(nodes.text(one) for one in files)}"
            self.levels.note(NoteKind.SKIPPED, said, files[0])

    def rest(self) -> None:
        if self.watching:
            said = (
                "what watches the others is no part of the system: "
                f"{listed(name for name, _ in self.watching)}"
            )
            self.levels.note(NoteKind.SKIPPED, said, self.watching[0][1])
