"""The fast plane is kept honest: it ranks baselines much as the scenario's own model does."""

import numpy as np
import pytest
from scipy.stats import spearmanr

from edgesim.agents.federated.play import play
from edgesim.agents.finding import find_policy
from edgesim.scenarios import resolve

NAMES = (
    "random",
    "round_robin",
    "fastest",
    "fast_half",
    "label_greedy",
    "gbp_cs",
    "power_of_choice",
    "oort",
)


@pytest.mark.slow
@pytest.mark.xfail(
    strict=True,
    reason="0.595 on these seeds, and on 16 and 8 held-out episodes too: docs/federated.md",
)
def test_baselines_have_about_the_same_order_in_both_planes() -> None:
    scenario = resolve("factories")
    means = []
    for plane in ("fast", "full"):
        returns = [
            np.mean(
                [
                    row["return"]
                    for row in play(
                        scenario, find_policy(scenario, name), [1, 2], env_kwargs={"plane": plane}
                    ).rows
                ]
            )
            for name in NAMES
        ]
        print(plane, dict(zip(NAMES, np.round(returns, 3), strict=True)))
        means.append(returns)
    fast, full = np.array(means)
    assert spearmanr(fast, full).statistic >= 0.6
