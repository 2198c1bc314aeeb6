"""Schema of a world that several families share: AIGC users and service chains in one network."""

from dataclasses import dataclass, field
from typing import Any

from omegaconf import MISSING

from edgesim.errors import InputError, did_you_mean
from edgesim.numbers import LARGEST_SEED
from edgesim.scenarios.aigc.schema import AIGCScenario
from edgesim.scenarios.checks import integer_from
from edgesim.scenarios.settings import setting
from edgesim.scenarios.sfc.schema import SFCScenario

__all__ = ["FAMILIES", "SharedScenario", "part_of"]

FAMILIES = ("aigc", "sfc")


@dataclass
class SharedScenario:
    """AIGC users and service chains over one transport network between the sites.

    The switches stand at the sites of the providers, joined by fibre as the metro network of an
    AIGC scenario is; capacity, queues, background and failures of the links are those of
    ``sfc.network.links`` and ``sfc.network.failures``. ``sfc.network.topology`` and the backhaul's
    rate are not used.

    Raises:
        InputError: a value is out of its range (on construction).
    """

    problem: str = setting("aigc", "whose decisions an environment or an agent makes: aigc or sfc")
    name: str = ""
    title: str = setting("", "one line on the scenario")
    world_seed: int = setting(0, "seed of what is the same in every episode, for all parts")
    aigc: AIGCScenario = field(default=MISSING, metadata={"help": "AIGC users and providers"})
    sfc: SFCScenario = field(default=MISSING, metadata={"help": "requests for service chains"})
    deciders: dict[str, str] = setting(
        {"aigc": "least_latency", "sfc": "load_aware_admission"},
        "policies of the parts whose decisions the environment does not make",
    )
    aigc_chain: list[str] = setting(
        [],
        "VNFs that all AIGC traffic passes, at the nearest instances; none: it goes straight",
    )

    def __post_init__(self) -> None:
        if self.problem not in FAMILIES:
            raise InputError("problem", self.problem, did_you_mean(self.problem, FAMILIES))
        integer_from("world_seed", self.world_seed, 0, LARGEST_SEED)
        self.aigc.world_seed = self.sfc.world_seed = self.world_seed
        if self.aigc.wireless is None:
            raise InputError("aigc.wireless", None, "must be set: users and sites share a network")
        if self.sfc.network is None:
            raise InputError("sfc.network", None, "must be set: chains share a network")
        for family in self.deciders:
            if family not in FAMILIES:
                raise InputError("deciders", family, did_you_mean(family, FAMILIES))
        types = self.sfc.network.instances.types
        for vnf in self.aigc_chain:
            if vnf not in types:
                raise InputError("aigc_chain", vnf, did_you_mean(vnf, types))

    def __getattr__(self, key: str) -> Any:
        """A key of the family whose decisions are made."""
        if key.startswith("_") or key in FAMILIES:
            raise AttributeError(key)
        return getattr(getattr(self, self.problem), key)


def part_of(scenario: Any, family: str) -> Any:
    """What a scenario says of a family: of a shared one its part, else itself."""
    return getattr(scenario, family) if isinstance(scenario, SharedScenario) else scenario
