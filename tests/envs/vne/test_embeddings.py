"""Whole embeddings as choices: what they hold is what the twin takes, and what is shown of them."""

from pathlib import Path
from typing import Any

import gymnasium
import numpy as np
import pytest
from gymnasium.utils.env_checker import check_env

import edgesim
from edgesim.envs.vne.candidates import KEPT, TRIED
from edgesim.envs.vne.growing import Ground, grown
from edgesim.envs.vne.orders import outwards
from edgesim.errors import InputError

ROW = "graph [\n{}\n{}\n]\n".format(
    "\n".join(f"node [ id {n} x {n} y 0 ]" for n in range(5)),
    "\n".join(f"edge [ source {n} target {n + 1} ]" for n in range(4)),
)


def made(**overrides: Any) -> Any:
    keys = {"virtual.count": 60, **overrides}
    env = gymnasium.make(
        "edgesim/VNE-v0", scenario="vne_geant", overrides=keys, observation="embeddings"
    )
    return env.unwrapped


def in_a_row(tmp_path: Path, **overrides: Any) -> Any:
    """Five nodes in a row, 50 CPU and 100 Mbit/s each; VNs of two nodes ask for 10 and 40."""
    file = tmp_path / "row.gml"
    file.write_text(ROW)
    keys = {
        "physical.topology.source": str(file),
        "physical.cpu": [50, 50],
        "physical.bandwidth_mbps": [100, 100],
        "virtual.nodes": [2, 2],
        "virtual.cpu": [10, 10],
        "virtual.bandwidth_mbps": [40, 40],
        "virtual.lifetime_s": 1e9,
        "virtual.count": 9,
    }
    return made(**keys, **overrides)


class Held:
    """What the links of a twin have left at an instant."""

    def __init__(self, twin: Any) -> None:
        self.twin = twin
        self.room = twin.substrate.room_bps()

    def look(self, moment: Any) -> None:
        """Look once more."""
        self.room = self.twin.substrate.room_bps()


def test_in_a_row_the_cheapest_are_the_neighbours_both_ways(tmp_path: Path) -> None:
    env = in_a_row(tmp_path)
    env.reset(seed=0)
    found = env.candidates
    pairs = {(n, n + 1) for n in range(4)} | {(n + 1, n) for n in range(4)}
    assert {tuple(hosts) for hosts in found.hosts.tolist()} == pairs
    assert found.cost.tolist() == [40e6] * len(pairs)


def test_what_is_shown_of_an_embedding_by_hand(tmp_path: Path) -> None:
    """40 of 4 x 100 Mbit/s over one hop; a link from 0 to .4, two nodes from 0 to .2 of CPU."""
    env = in_a_row(tmp_path)
    seen, _ = env.reset(seed=0)
    told = dict(zip(env.observer.names, seen.tolist(), strict=True))
    shown = {feature: told[f"{feature} 0"] for feature in env.observer.features}
    assert shown == pytest.approx(
        {
            "there": 1,
            "reject": 0,
            "cost": 1,
            "hops": 1 / 3,
            "links above 0": 10 * 0.4 / 4,
            "links above 0.3": 10 * 0.1 / 4,
            "links above 0.5": 0,
            "links above 0.7": 0,
            "links above 0.85": 0,
            "nodes above 0": 10 * 0.4 / 5,
            "nodes above 0.3": 0,
            "nodes above 0.5": 0,
            "nodes above 0.7": 0,
            "nodes above 0.85": 0,
            "narrow": 0,  # 60 Mbit/s are left, more than the mean of 40
            "cut off": 0,
        }
    )
    assert [told[f"there {n}"] for n in range(KEPT + 1)] == [1] * 8 + [0] * 4 + [1]
    assert told[f"reject {KEPT}"] == 1
    # The second VN beside the first leaves 20 Mbit/s on one of four links: narrow.
    pair = env.candidates.hosts[0].tolist()
    env.step(0)
    again = env.candidates.hosts.tolist().index(pair)
    seen = env.observed()
    told = dict(zip(env.observer.names, seen.tolist(), strict=True))
    assert told[f"narrow {again}"] == pytest.approx(10 / 4)


def test_an_embedding_is_always_accepted_and_leaves_the_room_that_it_shows() -> None:
    env = made()
    env.reset(seed=1)
    rng = np.random.default_rng(0)
    chosen = paid = 0
    over = False
    while not over:
        found, twin = env.candidates, env.twin
        action = int(rng.choice(np.flatnonzero(env.action_masks())))
        embedding = twin.embedding
        held = Held(twin)
        twin.clock.at(twin.clock.now, held.look)
        _, reward, over, _, info = env.step(action)
        paid += reward
        chosen += action < KEPT
        if action < KEPT and not over:
            assert np.array_equal(held.room, found.room[action])
            assert embedding.hop_bps == pytest.approx(found.cost[action])
            assert embedding.hosts == found.hosts[action].tolist()
    assert paid == chosen == info["metrics"]["accepted"] > 20


def uncut(twin: Any) -> tuple[list[list[int]], list[float]]:
    """The cheapest embeddings, each grown to its end."""
    request, substrate, around = twin.embedding.request, twin.substrate, twin.world.neighbourhood
    near, room = around.near, substrate.room_bps()
    at_node = np.add.reduceat(np.maximum(room, 0.0)[near.link >> 1], near.start[:-1])
    cpu = substrate.cpu_left
    kept: list[tuple[float, list[int]]] = []
    for first in range(request.nodes):
        order = np.array(outwards(request, first))
        roots = [
            n for n in np.argsort(-cpu * at_node, kind="stable") if cpu[n] >= request.cpu[first]
        ]
        for root in roots[: TRIED // request.nodes]:
            own = room.copy()
            ground = Ground(near, around.start_of, own, substrate.delay_s, cpu, cpu * at_node)
            hosts, price = grown(ground, request.demands, order, root, np.inf)
            if price == np.inf or hosts.tolist() in [there for _, there in kept]:
                continue
            kept = sorted([*kept, (price, hosts.tolist())], key=lambda one: one[0])[:KEPT]
    return [hosts for _, hosts in kept], [price for price, _ in kept]


@pytest.mark.parametrize("scenario", ["vne_geant", "vne_latency"])
def test_growth_that_is_given_up_would_not_have_been_among_the_cheapest(scenario: str) -> None:
    env: Any = gymnasium.make(
        "edgesim/VNE-v0", scenario=scenario, observation="embeddings"
    ).unwrapped
    env.reset(seed=1)
    for number in range(40):
        found = env.candidates
        if number % 8 == 0:
            assert (found.hosts.tolist(), found.cost.tolist()) == uncut(env.twin)
        env.step(0 if len(found.cost) else KEPT)


def test_the_environment_keeps_gymnasiums_rules() -> None:
    check_env(made(**{"virtual.count": 5}), skip_render_check=True)


def test_the_cheapest_accepts_more_than_the_greedy() -> None:
    found = edgesim.evaluate(
        scenario="vne_geant",
        policy=["cheapest_embedding", "marginal_cost_all"],
        overrides={"virtual.count": 300},
        episodes=3,
    )
    rac = {name: np.array([row["rac"] for row in rows]) for name, rows in found.rows.items()}
    assert (rac["cheapest_embedding"] - rac["marginal_cost_all"]).mean() > 0


def test_embeddings_take_the_shortest_paths_with_room() -> None:
    with pytest.raises(InputError, match="must be shortest"):
        gymnasium.make("edgesim/VNE-v0", observation="embeddings", routing="k_shortest")
