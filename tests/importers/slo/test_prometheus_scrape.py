"""Scrape files: jobs as components, exporters as those of what they speak for, probes as addresses."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from imported_drafts import draft, facts, is_taken_whole, notes
from standfast.drivers.importers.folder import Disk
from standfast.drivers.importers.prometheus.scrape import PrometheusScrape
from standfast.drivers.importers.source import Source
from standfast.spec.drafting.draft import Draft, Fact, NoteKind

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path


def config(*jobs: str, head: str = "") -> str:
    return f"{head}\nscrape_configs:\n" + "".join(f"  - {{{one}}}\n" for one in jobs)


def job(name: str, *targets: str, more: str = "") -> str:
    return (
        f"job_name: {name}, static_configs: [{{targets: [{', '.join(map(repr, targets))}]}}]{more}"
    )


@pytest.fixture
def read(tmp_path: Path) -> Callable[..., Draft]:
    def reading(text: str, **files: str) -> Draft:
        named = {name.replace("__", "."): said for name, said in files.items()}
        found = draft(
            PrometheusScrape(), tmp_path, {"prometheus.yml": text, **named}, "prometheus.yml"
        )
        assert is_taken_whole(found)
        return found

    return reading


def test_a_job_is_a_component_that_is_scraped(read: Callable[..., Draft]) -> None:
    more = ", scheme: https, metrics_path: /internal/metrics, scrape_interval: 5s"
    found = facts(read(config(job("api", "api:8443", more=more))))
    assert found["api.scrape"] == "https://api:8443/internal/metrics"
    assert found["api.scrape_every"] == "5s"


def test_the_interval_of_all_counts_where_a_job_has_none(read: Callable[..., Draft]) -> None:
    found = facts(read(config(job("api", "api:80"), head="global: {scrape_interval: 30s}")))
    assert found["api.scrape_every"] == "30s"


def test_several_targets_are_replicas_of_which_one_is_scraped(read: Callable[..., Draft]) -> None:
    found = read(config(job("api", "a:80", "b:80")))
    assert facts(found)["api.replicas"] == 2
    assert any("2 targets" in one for one in notes(found, NoteKind.UNSUPPORTED))


def test_targets_that_a_label_parts_are_components_of_their_own(read: Callable[..., Draft]) -> None:
    text = (
        "job_name: apps, static_configs: [{targets: ['a:1'], labels: {service: a}}, {targets: "
        "['b:1'], labels: {service: b}}]"
    )
    assert set(read(config(text)).names("components")) == {"a", "b"}


@pytest.mark.parametrize(
    ("name", "target", "component", "kind", "word"),
    [
        ("node", "n:9100", "node", "host", "scrape"),
        ("postgres-exporter", "pg:9187", "postgres", "postgresql", "exporter"),
        ("orders-db", "x:9187", "orders-db", "postgresql", "exporter"),
        ("redis_exporter", "r:1", "redis", "redis", "exporter"),
    ],
)
def test_exporters_speak_for_others(
    read: Callable[..., Draft], name: str, target: str, component: str, kind: str, word: str
) -> None:
    found = facts(read(config(job(name, target))))
    assert found[f"{component}.type"] == kind
    assert found[f"{component}.{word}"] == f"http://{target}/metrics"


def test_an_exporter_is_that_of_the_database_which_other_sources_know(tmp_path: Path) -> None:
    known = Draft(facts=(Fact(path=("components", "db", "type"), value="postgresql", places=()),))
    text = config(job("postgres-exporter", "pg:9187"))
    found = PrometheusScrape().read(
        [Source(path="p.yml", text=text)], Disk(tmp_path, [tmp_path]), known
    )
    assert facts(found) == {"db": None, "db.exporter": "http://pg:9187/metrics"}


PROBES = """job_name: blackbox, metrics_path: /probe, params: {module: [MODULE]},
    static_configs: [{targets: [TARGETS]}], relabel_configs: [
      {source_labels: [__address__], target_label: __param_target},
      {target_label: __address__, replacement: 'b:9115'}]"""


def test_probes_are_addresses(read: Callable[..., Draft]) -> None:
    targets = "'https://shop.example.com/health', 'api.example.com'"
    found = facts(read(config(PROBES.replace("MODULE", "http_2xx").replace("TARGETS", targets))))
    assert found["shop-example-com.url"] == "https://shop.example.com/health"
    assert found["api-example-com.url"] == "http://api.example.com"
    assert found["shop-example-com.type"] == "http"


def test_ports_are_addresses_and_pings_are_told(read: Callable[..., Draft]) -> None:
    found = read(
        config(PROBES.replace("MODULE", "tcp_connect").replace("TARGETS", "'db.example.com:5432'"))
    )
    assert facts(found)["db-example-com.address"] == "db.example.com:5432"
    found = read(config(PROBES.replace("MODULE", "icmp").replace("TARGETS", "'router'")))
    assert any("icmp" in one for one in notes(found, NoteKind.UNSUPPORTED))


def test_targets_in_files_are_read_and_never_from_elsewhere(read: Callable[..., Draft]) -> None:
    text = config(
        "job_name: files, file_sd_configs: [{files: [targets.json, gone.json, '*.yml', "
        "/etc/passwd, ../x.json]}]"
    )
    found = read(text, targets__json='[{"targets": ["web:80"], "labels": {"service": "web"}}]')
    assert facts(found)["web.scrape"] == "http://web:80/metrics"
    assert len(notes(found, NoteKind.UNREADABLE)) == 3
    assert any("a pattern" in one for one in notes(found, NoteKind.PLACEHOLDER))


@pytest.mark.parametrize(
    ("more", "said"),
    [
        (", kubernetes_sd_configs: [{role: pod}]", "found by kubernetes"),
        (", relabel_configs: [{action: drop}]", "relabel_configs"),
        (", metric_relabel_configs: [{action: drop}]", "metric_relabel_configs"),
        (", basic_auth: {username: a, password_file: /p}", "credentials"),
        (", params: {format: [prometheus]}", "format"),
    ],
)
def test_what_the_file_has_no_word_for_is_told(
    read: Callable[..., Draft], more: str, said: str
) -> None:
    found = read(config(job("api", "a:80", more=more)))
    assert any(said in one for one in notes(found, NoteKind.UNSUPPORTED))


def test_secrets_and_placeholders_are_told_and_left(read: Callable[..., Draft]) -> None:
    found = read(
        config(
            job("api", "a:80", more=", basic_auth: {username: u, password: hunter2x}"),
            job("b", "b:80", more=", authorization: {credentials: hunter2y}"),
            job("c", "${HOST}:80", "{{ host }}:1", "<host>"),
        )
    )
    assert "hunter2" not in repr(found)
    assert len(notes(found, NoteKind.SECRET)) == 2
    assert len(notes(found, NoteKind.PLACEHOLDER)) == 3


def test_what_watches_is_no_part_of_the_system(read: Callable[..., Draft]) -> None:
    found = read(
        config(
            job("prometheus", "localhost:9090"), job("alertmanager", "a:9093"), job("api", "a:80")
        )
    )
    assert found.names("components") == ("api",)
    assert any("prometheus, alertmanager" in one for one in notes(found, NoteKind.SKIPPED))


@pytest.mark.parametrize(
    "text",
    ["scrape_configs: 1", "scrape_configs: [1, [], {}, {job_name: [a]}]",
     "scrape_configs: [{job_name: a, static_configs: {targets: b}, relabel_configs: 3}]",
     "scrape_configs: [{job_name: a, static_configs: [{targets: [{a: b}, [1], 5]}]}]"],
)  # fmt: skip
def test_nonsense_never_raises(read: Callable[..., Draft], text: str) -> None:
    read(text)


def test_very_many_targets_are_bounded(read: Callable[..., Draft]) -> None:
    found = read(config(job("api", *(f"host-{n}:80" for n in range(2_500)))))
    assert any("2,500 targets" in one for one in notes(found, NoteKind.SKIPPED))
    assert len(found.notes) < 110
