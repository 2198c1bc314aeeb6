"""What a reproduction found, number beside number."""

from dataclasses import dataclass

__all__ = ["Finding"]


@dataclass(frozen=True)
class Finding:
    """One statement that a figure lets a reader check.

    Attributes:
        what: the quantity, with its setting and unit.
        here: what was measured, as it is to be read: ``"554.9 ± 6.1"``.
        published: what was published; None for figures of our own.
        source: where.
        agrees: whether both agree; None where that is not a question of yes and no.
        remark: how the two differ in what they measure, if they do.
    """

    what: str
    here: str
    published: str | None = None
    source: str = ""
    agrees: bool | None = None
    remark: str = ""
