"""MaskablePPO of sb3-contrib on edgesim: `python examples/clients/sb3_contrib_maskable_ppo.py`.

sb3-contrib comes with edgesim. It asks the environment for `action_masks()`, which every
environment of edgesim with masks has under that name, single or in a vector.
"""

import sys

from sb3_contrib import MaskablePPO

import edgesim


def main(steps: int, scenario: str = "aigc_paper") -> float:
    """Learn for some steps; returns what an episode pays then."""
    env = edgesim.make(scenario)
    model = MaskablePPO(
        "MlpPolicy", env, n_steps=500, batch_size=100, gamma=0.3, seed=0, device="cpu"
    )
    model.learn(steps)
    paid, over = 0.0, False
    observation, _ = env.reset(seed=2)
    while not over:
        masks = env.unwrapped.action_masks()
        action, _ = model.predict(observation, action_masks=masks, deterministic=True)
        observation, reward, terminated, truncated, _ = env.step(action)
        paid, over = paid + float(reward), terminated or truncated
    return paid


if __name__ == "__main__":
    print(f"return of an episode: {main(int((*sys.argv, 20_000)[1]), *sys.argv[2:]):.1f}")
