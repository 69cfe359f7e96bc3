"""The regimes known, and what they ask of an audit log's retention, each figure with its source."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta

_YEAR = timedelta(days=365)


@dataclass(frozen=True, slots=True, kw_only=True)
class Regime:
    """`least` is what is commonly asked; below `undisputed` nobody disagrees."""

    name: str
    least: timedelta = timedelta()
    undisputed: timedelta = timedelta()
    at_once: timedelta = timedelta()  # of it, available for search at once
    source: str
    note: str = ""


REGIMES = {
    "gdpr": Regime(
        name="GDPR",
        source="Regulation (EU) 2016/679, art. 5(1)(b) and (e)",
        note="no figure: no longer than the purpose needs",
    ),
    "hipaa": Regime(
        name="HIPAA",
        least=6 * _YEAR,
        source="45 CFR 164.316(b)(2)(i)",
        note="six years are asked of documentation; whether audit logs are part of it is disputed",
    ),
    "soc2": Regime(
        name="SOC 2",
        least=_YEAR,
        source="AICPA Trust Services Criteria CC7",
        note="the criteria name no figure; auditors look back over a period of up to a year",
    ),
    "pci-dss": Regime(
        name="PCI-DSS",
        least=_YEAR,
        undisputed=_YEAR,
        at_once=timedelta(days=90),
        source="PCI DSS v4.0.1, 10.5.1",
    ),
    "sox": Regime(
        name="SOX",
        least=7 * _YEAR,
        undisputed=5 * _YEAR,
        source="17 CFR 210.2-06; 18 U.S.C. 1520(a)(1)",
        note="seven years by the SEC's rule, five by the statute, both written for audit papers",
    ),
}


def known(name: str) -> Regime | None:
    """The regime of that name, however it is spelled: `SOC 2`, `soc2`, `PCI`."""
    key = name.lower().replace(" ", "").replace("_", "-")
    return REGIMES.get({"pci": "pci-dss", "pcidss": "pci-dss", "soc-2": "soc2"}.get(key, key))
