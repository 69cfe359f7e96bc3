"""The review: ACCEPT, CLARIFY or BLOCK, with a finding for each reason and each open question."""

from standfast.review.examine import examine
from standfast.review.finding import Finding, Review, Role, Rule, Verdict
from standfast.review.measured import Evidence, Measured

__all__ = ["Evidence", "Finding", "Measured", "Review", "Role", "Rule", "Verdict", "examine"]
