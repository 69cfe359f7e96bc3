"""Regimes, what is audited and how long it is kept, waivers, the server's own settings."""

from __future__ import annotations

import re
from datetime import timedelta
from fnmatch import fnmatchcase
from types import MappingProxyType
from typing import TYPE_CHECKING

from standfast.spec import units
from standfast.spec.meaning import counting
from standfast.spec.meaning.catalogue import DATA, catalogue
from standfast.spec.meaning.people import url_or_secret
from standfast.spec.meaning.status_page import status_page
from standfast.spec.problem import nearest
from standfast.spec.server import ServerSettings
from standfast.spec.system import (
    AuditEventKind,
    Compliance,
    Retention,
    Waiver,
)

if TYPE_CHECKING:
    from collections.abc import Mapping

    from standfast.spec.meaning.margin import Margin
    from standfast.spec.protection import DataType
    from standfast.spec.v1 import protection as v1
    from standfast.spec.v1.file import FileShape

_YEAR = timedelta(days=365)
REGIMES = ("gdpr", "hipaa", "soc2", "pci-dss", "sox")
# GDPR: data minimisation, so no archive unless a legal basis is stated. HIPAA, SOX: seven years in all.
RETENTION: Mapping[str, Retention] = {
    "gdpr": Retention(hot=_YEAR),
    "hipaa": Retention(hot=_YEAR, archive=6 * _YEAR),
    "soc2": Retention(hot=2 * _YEAR),
    "pci-dss": Retention(hot=_YEAR, archive=2 * _YEAR),
    "sox": Retention(hot=_YEAR, archive=6 * _YEAR),
}
GENERAL = Retention(hot=_YEAR)
_CATEGORIES = {"auth": "authentication", "admin": "administration"}


def compliance(file: FileShape, data: Mapping[str, DataType], margin: Margin) -> Compliance:
    shape = file.compliance
    audit = shape.audit or _no_audit()
    regimes = _regimes("compliance.regimes", shape.regimes, margin)
    events, patterns = _events(audit, data, margin)
    sensitive = tuple(dict.fromkeys(one for kind in data.values() for one in kind.sensitive))
    mask = None if audit.mask is None else tuple(audit.mask)
    if mask is None and sensitive:
        said = f"masked in the audit log: {', '.join(sensitive)}"
        margin.assume("compliance.audit.mask", said, "these fields are sensitive",
                      "write `compliance.audit.mask` to change")  # fmt: skip
    return Compliance(
        regimes=regimes,
        retention=_retention(audit, regimes, margin),
        events=events,
        patterns=patterns,
        readers=tuple(audit.readers),
        mask=sensitive if mask is None else mask,
        basis=_by_regime("compliance.basis", shape.basis, margin),
        purpose=_by_regime("compliance.purpose", shape.purpose, margin),
        legal_hold=tuple(shape.legal_hold),
        anchors=tuple(audit.anchors),
        spool=audit.spool,
        evidence=_by_regime("compliance.evidence", shape.evidence, margin),
    )


def _no_audit() -> v1.AuditShape:
    from standfast.spec.v1.protection import AuditShape

    return AuditShape()


def regime(name: str) -> str | None:
    """ "SOC 2", "PCI" and "GDPR" by the names used here; None where unknown."""
    word = re.sub(r"[^a-z0-9]", "", name.lower())
    known = {one.replace("-", ""): one for one in REGIMES} | {"pci": "pci-dss"}
    return known.get(word)


def _known(path: str, name: str, margin: Margin) -> str | None:
    found = regime(name)
    if found is None:
        hint = nearest(name, REGIMES) or f"; known are {', '.join(REGIMES)}"
        margin.wrong(path, f"unknown regime '{name[:60]}'{hint}")
    return found


def _regimes(path: str, stated: list[str] | None, margin: Margin) -> tuple[str, ...] | None:
    if stated is None:
        return None
    found = [_known(f"{path}.{index}", name, margin) for index, name in enumerate(stated)]
    return tuple(dict.fromkeys(one for one in found if one))


def _by_regime(path: str, stated: Mapping[str, str], margin: Margin) -> Mapping[str, str]:
    """Keyed by regime; keys that are types of data or words of one's own stay as they are."""
    del path, margin
    return MappingProxyType({regime(name) or name: text for name, text in stated.items()})


def _retention(
    audit: v1.AuditShape, regimes: tuple[str, ...] | None, margin: Margin
) -> Mapping[str, Retention]:
    path = "compliance.audit"
    found: dict[str, Retention] = {}
    archive = audit.archive if audit.archive is not None else timedelta(0)
    if audit.hot is not None:
        found[""] = Retention(hot=audit.hot, archive=archive)
    else:
        found[""] = Retention(hot=GENERAL.hot, archive=archive)
        margin.assume(f"{path}.hot", "audit events are kept 1y", "it is not stated",
                      f"write `{path}.hot` and `{path}.archive` to change")  # fmt: skip
    for name, shape in audit.retention.items():
        key = _known(f"{path}.retention.{name}", name, margin)
        hot = shape.hot or shape.active
        if hot is None:
            margin.wrong(f"{path}.retention.{name}", "say how long at once: `hot:` or `active:`")
        elif key:
            found[key] = Retention(hot=hot, archive=shape.archive or timedelta(0))
    for name in regimes or ():
        if name not in found:
            found[name] = usual = RETENTION[name]
            said = f"{name}: kept {units.show_duration(usual.hot)} at once"
            said += (
                f", {units.show_duration(usual.archive)} more in the archive"
                if usual.archive
                else ""
            )
            margin.assume(f"{path}.retention.{name}", said, f"{name} is among the regimes",
                          f"write `{path}.retention` to change")  # fmt: skip
    return MappingProxyType(found)


def _events(
    audit: v1.AuditShape, data: Mapping[str, DataType], margin: Margin
) -> tuple[tuple[AuditEventKind, ...], tuple[str, ...]]:
    known = {
        kind.type: kind
        for kind in catalogue((one.name, bool(one.sensitive)) for one in data.values())
    }
    if audit.events is None:
        margin.assume("compliance.audit.events", "every event of the built-in catalogue is audited",
                      "it is not stated", "write `compliance.audit.events` to change")  # fmt: skip
        return tuple(known.values()), ("*",)
    chosen: dict[str, AuditEventKind] = {}
    for index, shape in enumerate(audit.events):
        path = f"compliance.audit.events.{index}"
        if shape.category or shape.capture or shape.priority or shape.description:
            chosen[shape.type] = _own(shape)
            continue
        matching = {name: kind for name, kind in known.items() if fnmatchcase(name, shape.type)}
        if not matching:
            starts = sorted({name.partition(".")[0] + ".*" for name in known})
            hint = nearest(shape.type, [*known, *starts]) or f"; known are {', '.join(starts)}"
            margin.wrong(path, f"no audit event is called '{shape.type}'{hint}")
        chosen |= matching
    return tuple(chosen.values()), tuple(one.type for one in audit.events)


def _own(shape: v1.EventShape) -> AuditEventKind:
    return AuditEventKind(
        type=shape.type,
        category=shape.category or _CATEGORIES.get(shape.type.partition(".")[0], DATA),
        priority=shape.priority or "medium",
        capture=tuple(shape.capture or ()),
        description=shape.description or "",
    )


def waivers(file: FileShape, margin: Margin) -> tuple[Waiver, ...]:
    for index, shape in enumerate(file.waivers):
        margin.refer(f"waivers.{index}.by", shape.by, {*file.people, *file.teams}, "person")
    return tuple(
        Waiver(rule=one.rule, at=one.at, because=one.because, by=one.by, until=one.until)
        for one in file.waivers
    )


def server(file: FileShape, margin: Margin) -> ServerSettings:
    shape = file.server
    if shape.catch_all:
        margin.refer("server.catch_all", shape.catch_all, file.people, "person")
    url = shape.public_url or "https://"
    if not (url.startswith("https://") or _local(url) or shape.trusted_proxies):
        margin.wrong("server.public_url", "a public address begins with https://")
    if shape.source == "prometheus" and shape.prometheus is None:
        margin.wrong("server.source", "say where it is asked: `prometheus: https://...`")
    spans = {
        "keep_samples": shape.keep_samples,
        "keep_history": shape.keep_history,
        "channels_verified_for": shape.channels_verified_for,
    }
    return ServerSettings(
        source=shape.source or "standfast",
        prometheus=counting.prometheus(shape.prometheus, margin),
        public_url=shape.public_url,
        trusted_proxies=tuple(shape.trusted_proxies),
        metrics_retention=shape.metrics_retention,
        dead_man=url_or_secret("server.dead_man", shape.dead_man, margin),
        runs_in=shape.runs_in,
        catch_all=shape.catch_all,
        status_page=status_page(shape, margin),
        tls_certificate=shape.tls.certificate if shape.tls else None,
        tls_key=shape.tls.key if shape.tls else None,
        **{name: span for name, span in spans.items() if span is not None},
    )


def _local(url: str) -> bool:
    host = url.partition("://")[2]
    return host.startswith(("127.", "localhost", "[::1]"))
