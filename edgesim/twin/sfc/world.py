"""The world of a service-chain scenario."""

from edgesim.importing import load
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
    world: World = load("edgesim.twin.sfc.slice_world:SliceWorld")(scenario)
    return world
