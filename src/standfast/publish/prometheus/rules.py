"""rules.yml: every objective and every alert of the file, as promtool accepts them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from standfast.publish.artefact import stamp
from standfast.publish.document import Generated

if TYPE_CHECKING:
    from standfast.publish.edition import Edition

RULES = "ops/generated/prometheus/rules.yml"


def rules(edition: Edition) -> Generated:
    return Generated(path=RULES, text=stamp(edition) + edition.rule_groups)
