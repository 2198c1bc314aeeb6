"""Schema of a scenario of silos: organisations with classes and model families of their own."""

from dataclasses import dataclass

from edgesim.errors import InputError, did_you_mean
from edgesim.numbers import LARGEST_SEED
from edgesim.scenarios.checks import between, integer_from, interval, one_of
from edgesim.scenarios.settings import setting

__all__ = ["FAMILIES", "SilosScenario"]

FAMILIES = ("logistic", "forest", "svm", "naive_bayes", "mlp")
"""Model families: scikit-learn's logistic regression, random forest, support vectors and Gaussian
naive Bayes, and a fully connected network in torch."""

SKEWS = ("iid", "hidden")


@dataclass
class SilosScenario:
    """Silos that label a public set for each other, and exchange no weights.

    Raises:
        InputError: a value is out of its range (on construction).
    """

    problem: str = setting("silos", "the problem whose keys these are", ("silos",))
    name: str = ""
    title: str = setting("", "one line on the scenario")
    world_seed: int = setting(0, "seed of what is the same in every episode: how hands differ")
    source: str = setting(
        "digits",
        "digits: scikit-learn's, in several hands; or a .npz as FEMNIST's, whose letters are read,"
        " upper and lower case being hands",
    )
    pixels: int | None = setting(
        None, "side that square images are averaged to; null: they stay as they are"
    )
    silos: int = setting(20, "silos")
    families: list[str] = setting(list(FAMILIES), "model families, taken in turn by the silos")
    classes: list[int] = setting([4, 6], "classes of a silo, whole numbers, uniform")
    images: int = setting(5, "labelled images of a silo for each of its classes")
    skew: str = setting(
        "hidden",
        "iid: a silo's images of a class are in all hands; hidden: they are in one, which the"
        " others do not know",
        SKEWS,
    )
    hands: int = setting(4, "hands of digits; of letters there are two")
    public: int = setting(1500, "public images without a label")
    test: int = setting(1500, "images to test with, in all hands")
    confidence_gap: float = setting(
        0.3, "a silo labels an image whose likeliest class is so far above the next"
    )
    vote_share: float = setting(
        0.3, "a class is accepted where more than this share of its owners say so"
    )

    def __post_init__(self) -> None:
        one_of("problem", self.problem, ("silos",))
        integer_from("world_seed", self.world_seed, 0, LARGEST_SEED)
        if not isinstance(self.source, str) or not self.source.strip():
            raise InputError("source", self.source, "must be digits, or a file")
        if self.pixels is not None:
            integer_from("pixels", self.pixels, 2, 1000)
        integer_from("silos", self.silos, 1, 1000)
        if not self.families:
            raise InputError("families", self.families, did_you_mean("", FAMILIES))
        for family in self.families:
            if family not in FAMILIES:
                raise InputError("families", family, did_you_mean(str(family), FAMILIES))
        interval("classes", self.classes, low=2)
        for count in self.classes:
            integer_from("classes", count, 2)
        integer_from("images", self.images, 1, 10_000)
        one_of("skew", self.skew, SKEWS)
        integer_from("hands", self.hands, 1, 100)
        integer_from("public", self.public, 1, 1_000_000)
        integer_from("test", self.test, 1, 1_000_000)
        between("confidence_gap", self.confidence_gap, 0, 1)
        between("vote_share", self.vote_share, 0, 1)
