"""A review as it is handed over: with what was answered, and with what was known before."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from standfast.review.feedback import Feedback, Status, Track, track
from standfast.review.finding import Verdict

if TYPE_CHECKING:
    from collections.abc import Iterable

    from standfast.review.baseline import Comparison
    from standfast.review.feedback import Reply
    from standfast.review.finding import Finding, Review


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """What every output form shows. Only `counted` findings decide the verdict and the exit code."""

    review: Review
    feedback: Feedback
    comparison: Comparison | None = None
    counted: tuple[Finding, ...] = field(init=False)

    def __post_init__(self) -> None:
        comparison = self.comparison
        counted = tuple(
            one for one in self.review.findings if comparison is None or not comparison.knows(one)
        )
        object.__setattr__(self, "counted", counted)

    @property
    def worst(self) -> Verdict:
        """The worst finding that counts, warnings included."""
        return max((one.verdict for one in self.counted), default=Verdict.ACCEPT)

    @property
    def verdict(self) -> Verdict:
        """The review's own, or of what is new or worse where it is compared."""
        if self.comparison is None:
            return self.review.verdict
        return Verdict.ACCEPT if self.worst is Verdict.WARN else self.worst

    @property
    def known(self) -> tuple[Finding, ...]:
        return self.comparison.known if self.comparison else ()

    @property
    def comparison_name(self) -> str:
        return self.comparison.to if self.comparison else ""

    @property
    def shown_known(self) -> tuple[Finding, ...]:
        return self.known if self.comparison and self.comparison.listed else ()

    def count(self, verdict: Verdict) -> int:
        return sum(one.verdict is verdict for one in self.counted)

    def track(self, finding: Finding) -> Track:
        nothing = Track(id=finding.id, status=Status.SUBMITTED)
        return self.feedback.tracks.get(finding.id, nothing)


def report(
    review: Review,
    replies: Iterable[Reply] = (),
    comparison: Comparison | None = None,
    *,
    measured: bool = False,
) -> Report:
    """`measured`: whether the review knows what a server has measured."""
    return Report(
        review=review,
        feedback=track(review, replies, measured=measured),
        comparison=comparison,
    )
