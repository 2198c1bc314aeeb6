"""DQN of tianshou on edgesim: `pip install tianshou`, `python examples/clients/tianshou_dqn.py`.

tianshou reads a mask where an observation is a dictionary with the keys ``obs`` and ``mask``: a
wrapper of a few lines gives it edgesim's.
"""

import sys
from functools import partial

import gymnasium
import torch
from gymnasium import spaces
from tianshou.algorithm import DQN
from tianshou.algorithm.modelfree.dqn import DiscreteQLearningPolicy
from tianshou.algorithm.optim import AdamOptimizerFactory
from tianshou.data import Collector, VectorReplayBuffer
from tianshou.env import DummyVectorEnv
from tianshou.trainer import OffPolicyTrainerParams
from tianshou.utils.net.common import Net

import edgesim


class Masked(gymnasium.ObservationWrapper):
    """The observation and the mask, as tianshou reads them."""

    def __init__(self, env):
        super().__init__(env)
        choices = spaces.MultiBinary(int(env.action_space.n))
        self.observation_space = spaces.Dict({"obs": env.observation_space, "mask": choices})

    def observation(self, observation):
        """See Gymnasium."""
        return {"obs": observation, "mask": self.env.unwrapped.action_masks()}


def make(scenario):
    """An environment with masks."""
    return Masked(edgesim.make(scenario))


def main(steps: int, scenario: str = "aigc_paper") -> float:
    """Learn for some steps; returns what an episode pays then."""
    torch.manual_seed(0)
    made = partial(make, scenario)
    env, training, test = made(), DummyVectorEnv([made] * 4), DummyVectorEnv([made])
    entries, choices = env.observation_space["obs"].shape, int(env.action_space.n)
    network = Net(state_shape=entries, action_shape=choices, hidden_sizes=[64, 64])
    policy = DiscreteQLearningPolicy(
        model=network, action_space=env.action_space, eps_training=0.1, eps_inference=0.0
    )
    adam = AdamOptimizerFactory(lr=1e-3)
    agent = DQN(policy=policy, optim=adam, gamma=0.3, target_update_freq=200)
    collector = Collector(agent, training, VectorReplayBuffer(20_000, 4), exploration_noise=True)
    judge = Collector(agent, test)
    result = agent.run_training(
        OffPolicyTrainerParams(
            max_epochs=1,
            epoch_num_steps=steps,
            training_collector=collector,
            test_collector=judge,
            collection_step_num_env_steps=100,
            update_step_num_gradient_steps_per_sample=0.1,
            batch_size=128,
            test_step_num_episodes=1,
            verbose=False,
        )
    )
    return float(result.best_reward)


if __name__ == "__main__":
    print(f"return of an episode: {main(int((*sys.argv, 20_000)[1]), *sys.argv[2:]):.1f}")
