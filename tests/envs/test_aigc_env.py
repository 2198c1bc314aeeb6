"""What holds of AIGC environments beyond what every registered environment keeps."""

import numpy as np
import pytest

from edgesim.envs.aigc import AIGCEnv


@pytest.mark.parametrize("scenario", ["aigc", "aigc_paper"])
def test_only_the_mask_that_looks_at_room_keeps_providers_from_crashing(scenario):
    crashes = {}
    for kind in AIGCEnv.masks:
        env = AIGCEnv(scenario, mask=kind)
        env.reset(seed=0)
        rng = np.random.default_rng(0)
        over = False
        while not over:
            *_, over, _, info = env.step(rng.choice(np.flatnonzero(env.action_masks())))
        crashes[kind] = info["metrics"]["crashes"]
    assert crashes["fits"] == 0 < crashes["up"]


@pytest.mark.parametrize(("scenario", "later"), [("aigc", True), ("aigc_paper", False)])
def test_there_is_something_to_shape_where_delivery_pays(scenario, later):
    env = AIGCEnv(scenario, reward="shaped")
    env.reset(seed=0)
    count = env.action_masks().size
    shaping = [env.step(step % count)[4]["shaping"] for step in range(20)]
    assert any(shaping) == later
