"""The review: ACCEPT, CLARIFY or BLOCK, with a finding for each reason and each open question."""

from standfast.review.examine import examine
from standfast.review.finding import Evidence, Finding, Measured, Review, Role, Rule, Verdict

__all__ = ["Evidence", "Finding", "Measured", "Review", "Role", "Rule", "Verdict", "examine"]
