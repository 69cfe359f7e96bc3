"""The review: ACCEPT, CLARIFY or BLOCK, with a finding for each reason and each open question."""

from standfast.review.examine import examine
from standfast.review.finding import Finding, Measured, Review, Role, Rule, Verdict

__all__ = ["Finding", "Measured", "Review", "Role", "Rule", "Verdict", "examine"]
