"""DQN of TorchRL on edgesim: `pip install torchrl`, then `python examples/clients/torchrl_dqn.py`.

TorchRL wraps a Gymnasium environment as it is. Rewards that are paid when a result comes back are
credited by the discount; the observation needs no other transform, its entries are about 1 already.
"""

import sys
from functools import partial

import torch
from tensordict.nn import TensorDictSequential
from torchrl.collectors import Collector
from torchrl.data import LazyTensorStorage, TensorDictReplayBuffer
from torchrl.envs import GymWrapper
from torchrl.modules import MLP, EGreedyModule, QValueActor
from torchrl.objectives import DQNLoss, SoftUpdate

import edgesim

ROUND, BATCH = 100, 128


def make(scenario):
    """The environment, its choices by number."""
    env = edgesim.make(scenario)
    return GymWrapper(env, categorical_action_encoding=True)


def main(steps: int, scenario: str = "aigc_paper") -> float:
    """Learn for some steps; returns what an episode pays then."""
    torch.manual_seed(0)
    env = make(scenario)
    network = MLP(out_features=env.action_spec.space.n, num_cells=[64, 64])
    actor = QValueActor(network, spec=env.action_spec, in_keys=["observation"])
    actor(env.reset())  # its first layer learns here how many entries an observation has
    explore = EGreedyModule(env.action_spec, annealing_num_steps=steps // 2, eps_end=0.05)
    collector = Collector(
        partial(make, scenario),
        TensorDictSequential(actor, explore),
        frames_per_batch=ROUND,
        total_frames=steps,
        auto_register_policy_transforms=True,
    )
    memory = TensorDictReplayBuffer(storage=LazyTensorStorage(20_000), batch_size=BATCH)
    loss_of = DQNLoss(actor, action_space=env.action_spec, delay_value=True)
    loss_of.make_value_estimator(gamma=0.3)
    target = SoftUpdate(loss_of, eps=0.99)
    optimizer = torch.optim.Adam(loss_of.parameters(), lr=1e-3)
    for played in collector:
        memory.extend(played.reshape(-1))
        explore.step(ROUND)
        for _ in range(ROUND // 4):
            loss = loss_of(memory.sample())["loss"]
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            target.step()
    collector.shutdown()
    env.set_seed(2)
    with torch.no_grad():
        episode = env.rollout(100_000, actor)
    return float(episode["next", "reward"].sum())


if __name__ == "__main__":
    print(f"return of an episode: {main(int((*sys.argv, 20_000)[1]), *sys.argv[2:]):.1f}")
