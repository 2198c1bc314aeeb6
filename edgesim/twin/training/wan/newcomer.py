"""An institution on its way into the training."""

from edgesim.twin.training.wan.pull import Pull

__all__ = ["Newcomer"]


class Newcomer:
    """An institution that wants to join, and how far it is.

    Attributes:
        number: of the request.
        institution: who.
        asked_s: when it asked.
        phase: ``asking``, ``agreeing``, ``awaiting`` a boundary, ``pulling``, ``loading``,
            ``updating``, ``ready`` or ``restarting``.
        option: what was chosen at its request.
        pull: the pull under way.
        has_step: the steps that its state knows.
        rounds: of catching up so far.
        lost_bytes: of sources that left, not asked for anew.
        pull_began_s: when the state's pull began.
        pull_s: what it took.
        planned_s: what it was planned to take.
        sources: who sent at first.
    """

    __slots__ = (
        "asked_s",
        "has_step",
        "institution",
        "lost_bytes",
        "number",
        "option",
        "phase",
        "planned_s",
        "pull",
        "pull_began_s",
        "pull_s",
        "rounds",
        "sources",
    )

    def __init__(self, number: int, institution: int, asked_s: float) -> None:
        self.number, self.institution, self.asked_s = number, institution, asked_s
        self.phase, self.option = "asking", ""
        self.pull: Pull | None = None
        self.has_step = self.rounds = self.sources = 0
        self.lost_bytes = self.pull_began_s = self.pull_s = self.planned_s = 0.0
