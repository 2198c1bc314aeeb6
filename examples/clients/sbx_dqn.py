"""DQN of sbx (stable-baselines3 in JAX) on edgesim: `pip install sbx-rl`, then
`python examples/clients/sbx_dqn.py [steps] [scenario]`.

sbx has stable-baselines3's face, so `edgesim train agent=custom agent.algorithm=sbx:DQN` works too.
"""

import sys

from sbx import DQN

import edgesim


def main(steps: int, scenario: str = "aigc_paper") -> float:
    """Learn for some steps; returns what an episode pays then."""
    env = edgesim.make(scenario)
    model = DQN("MlpPolicy", env, gamma=0.3, learning_starts=200, train_freq=8, seed=0)
    model.learn(steps)
    paid, over = 0.0, False
    observation, _ = env.reset(seed=2)
    while not over:
        action, _ = model.predict(observation, deterministic=True)
        observation, reward, terminated, truncated, _ = env.step(int(action))
        paid, over = paid + float(reward), terminated or truncated
    return paid


if __name__ == "__main__":
    print(f"return of an episode: {main(int((*sys.argv, 20_000)[1]), *sys.argv[2:]):.1f}")
