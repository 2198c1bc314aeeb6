"""PPO of stable-baselines3 on edgesim: `python examples/clients/sb3_ppo.py [steps] [scenario]`.

stable-baselines3 comes with edgesim. Its PPO takes the environment as it is and knows no masks.
"""

import sys

from stable_baselines3 import PPO

import edgesim


def main(steps: int, scenario: str = "aigc_paper") -> float:
    """Learn for some steps; returns what an episode pays then."""
    env = edgesim.make(scenario)
    model = PPO("MlpPolicy", env, n_steps=500, batch_size=100, gamma=0.3, seed=0, device="cpu")
    model.learn(steps)
    paid, over = 0.0, False
    observation, _ = env.reset(seed=2)
    while not over:
        action, _ = model.predict(observation, deterministic=True)
        observation, reward, terminated, truncated, _ = env.step(action)
        paid, over = paid + float(reward), terminated or truncated
    return paid


if __name__ == "__main__":
    print(f"return of an episode: {main(int((*sys.argv, 20_000)[1]), *sys.argv[2:]):.1f}")
