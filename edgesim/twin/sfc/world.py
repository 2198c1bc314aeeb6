"""The world of a service-chain scenario."""

from edgesim.importing import load
from edgesim.scenarios.sfc.attack_schema import AttackScenario
from edgesim.scenarios.sfc.schema import SFCScenario
from edgesim.twin.sfc.fabric import World

__all__ = ["build_world"]


def build_world(scenario: SFCScenario) -> World:
    """What stays the same in all episodes: stage links, or a network with slices.

    Raises:
        InputError: a trace or a topology that cannot be used.
    """
    if scenario.network is None:
        from edgesim.twin.sfc.stage_links import StageWorld

        return StageWorld(scenario)
    attacked = isinstance(scenario, AttackScenario)
    kind = "attack_world:AttackWorld" if attacked else "slice_world:SliceWorld"
    world: World = load(f"edgesim.twin.sfc.{kind}")(scenario)
    return world
