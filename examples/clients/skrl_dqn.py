"""DQN of skrl on edgesim: `pip install skrl`, then `python examples/clients/skrl_dqn.py`.

skrl wraps a Gymnasium environment as it is. Its DQN knows no masks, which the environment does not
need: a task that a full provider is given is lost, and that is what it learns from.
"""

import sys

import torch
from skrl.agents.torch.dqn import DQN, DQN_CFG
from skrl.envs.wrappers.torch import wrap_env
from skrl.memories.torch import RandomMemory
from skrl.models.torch import DeterministicMixin, Model
from skrl.trainers.torch import SequentialTrainer
from torch import nn

import edgesim


class Worth(DeterministicMixin, Model):
    """What each choice is worth, by two layers."""

    def __init__(self, env):
        Model.__init__(
            self,
            observation_space=env.observation_space,
            action_space=env.action_space,
            device=env.device,
        )
        DeterministicMixin.__init__(self)
        self.layers = nn.Sequential(
            nn.Linear(self.num_observations, 64),
            nn.ReLU(),
            nn.Linear(64, 64),
            nn.ReLU(),
            nn.Linear(64, self.num_actions),
        )

    def compute(self, inputs, role=""):
        """Shape (batch, choices)."""
        return self.layers(inputs["observations"]), {}


def main(steps: int, scenario: str = "aigc_paper") -> float:
    """Learn for some steps; returns what an episode pays then."""
    torch.manual_seed(0)
    env = wrap_env(edgesim.make(scenario))
    models = {"q_network": Worth(env), "target_q_network": Worth(env)}
    settings = DQN_CFG(discount_factor=0.3, learning_starts=500, random_timesteps=500)
    settings.experiment.write_interval = settings.experiment.checkpoint_interval = 0
    agent = DQN(
        models=models,
        memory=RandomMemory(memory_size=20_000, num_envs=1, device=env.device),
        cfg=settings,
        observation_space=env.observation_space,
        action_space=env.action_space,
        device=env.device,
    )
    trainer = {"timesteps": steps, "headless": True, "disable_progressbar": True}
    SequentialTrainer(env=env, agents=agent, cfg=trainer).train()
    paid, over = 0.0, False
    alone = edgesim.make(scenario)
    observation, _ = alone.reset(seed=2)
    while not over:
        with torch.no_grad():
            worth = models["q_network"].layers(torch.as_tensor(observation))
        observation, reward, over, _, _ = alone.step(int(worth.argmax()))
        paid += reward
    return paid


if __name__ == "__main__":
    print(f"return of an episode: {main(int((*sys.argv, 20_000)[1]), *sys.argv[2:]):.1f}")
