"""Laws that hold whatever the data: special cases meet, equal seeds agree, bytes are exact."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import torch

from edgesim.methods.federated.experiment import Curve, experiment
from edgesim.methods.federated.learning import Learning
from edgesim.methods.federated.method import Method
from edgesim.methods.federated.models import MLP
from edgesim.methods.federated.rules.fedavg import FedAvg
from edgesim.methods.federated.rules.fedgs import FedGS
from edgesim.methods.federated.rules.fedgsp import FedGSP
from edgesim.methods.federated.rules.hfedms import HFedMS
from edgesim.methods.federated.rules.hierarchical import Hierarchical
from edgesim.methods.federated.rules.sequential import Sequential
from edgesim.methods.federated.steps import internal_step, sgd, step
from edgesim.methods.federated.traffic import fedavg_bytes, fedgs_bytes
from edgesim.scenarios import resolve
from edgesim.twin.federated.program import Seq, sent_bytes

Make = Callable[[Learning], Method]


def learning_of(**overrides: Any) -> Learning:
    scenario = resolve("factories_small", overrides)
    return Learning(scenario, np.random.SeedSequence(3))


def made(make: Make, rounds: int = 1, **overrides: Any) -> tuple[Method, Curve, Any]:
    learning = learning_of(**overrides)
    method = make(learning)
    curve, twin = experiment(learning, method, np.random.SeedSequence(5), rounds=rounds)
    return method, curve, twin


def test_a_step_on_the_joined_batch_is_an_internal_synchronisation() -> None:
    rng = torch.Generator().manual_seed(0)
    model = MLP(6, 4, [5])
    row = model.initial(rng)
    x = torch.rand(3, 8, 6, generator=rng)
    y = torch.randint(4, (3, 8), generator=rng)
    apart = internal_step(model, row, list(zip(x, y, strict=True)), 0.5)
    joined = step(model, row[None], x.reshape(1, 24, 6), y.reshape(1, 24), 0.5)[0]
    assert torch.allclose(apart, joined, atol=1e-6, rtol=0)
    assert float((joined - row).abs().max()) > 1e-3


def test_as_many_groups_as_devices_all_of_them_sampled_are_fedavg() -> None:
    chain = made(lambda it: FedGSP(it, rate=0.2, beta=8, kappa=1.0), chosen=4)[0]
    star = made(lambda it: FedAvg(it, rate=0.2), chosen=4)[0]
    assert torch.allclose(chain.row, star.row, atol=1e-6)


def test_one_group_is_sequential_sgd() -> None:
    method, _, twin = made(lambda it: FedGSP(it, rate=0.2, beta=1, alpha=0.0, kappa=1.0))
    (order,) = twin.ledger.rounds[0].chains.values()
    assert sorted(order) == list(range(8))
    again = learning_of()
    row = again.first[None]
    for device in order:
        x, y = again.batches([device], again.steps)
        row = sgd(again.model, row, [(x[:, t], y[:, t]) for t in range(again.steps)], 0.2)
    assert torch.allclose(method.row, row[0], atol=1e-6)
    alone = made(lambda it: Sequential(it, rate=0.2), chosen=4)[0]
    assert not torch.allclose(alone.row, again.first)


@pytest.mark.parametrize("make", [FedAvg, FedGS, FedGSP, HFedMS, Hierarchical])
def test_equal_seeds_are_equal_runs(make: Make) -> None:
    keys = {"trained.steps": 5, "data.window": 20}
    one, curve, _ = made(make, rounds=4, **keys)
    other, curve_again, _ = made(make, rounds=4, **keys)
    assert torch.equal(one.row, other.row)
    assert curve == curve_again
    assert curve.accuracy[-1] != curve.accuracy[0]


def test_bytes_of_rounds_are_those_of_the_formulas() -> None:
    _, curve, twin = made(FedAvg)
    params = learning_of().model.params
    edge, wan = fedavg_bytes(2, 2, params)
    assert (sum(curve.edge_mb[-1]), sum(curve.wan_mb[-1])) == (edge / 1e6, wan / 1e6)
    _, curve, twin = made(FedGS)
    edge, wan = fedgs_bytes(2, 4, 2, params, 10, 4)
    found = twin.ledger.rounds[0]
    assert (sum(found.edge_bytes), sum(found.wan_bytes)) == (edge, wan)


@pytest.mark.parametrize("make", [FedAvg, FedGS, FedGSP, HFedMS, Hierarchical, Sequential])
def test_links_carry_the_bytes_of_the_program_each_way(make: Make) -> None:
    learning = learning_of(**{"trained.steps": 5})
    method = make(learning)
    seen = []

    def plan(number: int, planned: Any = method.plan) -> Any:
        seen.append(planned(number))
        return seen[-1]

    method.plan = plan  # type: ignore[method-assign]
    _, twin = experiment(learning, method, np.random.SeedSequence(5), rounds=2)
    wanted = sent_bytes(Seq(seen), twin.world.routes.paths)
    carried = twin.network.messages.sent_bytes
    assert {link: size for link, size in enumerate(carried) if size} == wanted


def test_a_method_is_as_good_without_time() -> None:
    """Links that are a thousand times as fast change when, not what."""
    slow, slow_curve, _ = made(FedGS, rounds=2)
    fast, fast_curve, _ = made(
        FedGS, rounds=2, **{"network.wan_bps": 1e12, "network.access_bps": [1e12, 1e12]}
    )
    assert torch.equal(slow.row, fast.row)
    assert fast_curve.time_s[-1] < slow_curve.time_s[-1]
