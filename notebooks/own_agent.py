# ---
# jupyter:
#   jupytext:
#     formats: ipynb,py:percent
#     text_representation:
#       extension: .py
#       format_name: percent
#       format_version: '1.3'
#       jupytext_version: 1.19.6
#   kernelspec:
#     display_name: Python 3
#     language: python
#     name: python3
# ---

# %% [markdown]
# # Your own agent, and one of stable-baselines3
#
# Users of an edge network ask for generated images. Each request goes to one of twenty providers.
# Providers differ in the quality that they reach for a number of denoising steps, and nobody tells.
# One that is given more than it holds crashes.

# %%
import gymnasium
import matplotlib.pyplot as plt
import numpy as np
from sb3_contrib import MaskablePPO

import edgesim  # registers the environments

SCENARIO = {"scenario": "aigc_paper", "overrides": {"capacity_range": [400, 900]}}
QUICK = True  # False: learn as long as it is worth

# %% [markdown]
# ## An agent in ten lines
#
# It remembers what each provider paid on average, and takes the best of those that have room. At
# times it tries another one. `action_masks()` tells which providers have room.

# %%
env = gymnasium.make("edgesim/AIGC-v0", **SCENARIO)
rng = np.random.default_rng(0)
tried, paid = np.zeros(env.action_space.n), np.zeros(env.action_space.n)


def choose(masks, curiosity):
    if rng.random() < curiosity:
        return rng.choice(np.flatnonzero(masks))
    return np.argmax(np.where(masks, paid / np.maximum(tried, 1), -np.inf))


def play(seed, curiosity):
    _, info = env.reset(seed=seed)
    while "metrics" not in info:  # they come with an episode's last step
        action = choose(env.unwrapped.action_masks(), curiosity)
        _, reward, _, _, info = env.step(action)
        tried[action] += 1
        paid[action] += reward
    return info["metrics"]["return"]


for seed in range(5):
    play(seed, curiosity=0.3)
TEST_SEEDS = range(1000, 1003)
own = [play(seed, curiosity=0) for seed in TEST_SEEDS]
print(f"own agent: {np.mean(own):.1f} on average over {len(own)} episodes")

# %% [markdown]
# Equal seeds give equal episodes: a random agent meets the same requests.

# %%
random = [play(seed, curiosity=1) for seed in TEST_SEEDS]
print(f"at random: {np.mean(random):.1f}")

# %% [markdown]
# ## Stable-baselines3 in five lines
#
# `MaskablePPO` reads the same masks. With `QUICK` it only begins to learn: it has seen five
# episodes' worth of decisions. `edgesim train scenario=aigc_paper` learns from many more, with
# settings that suit the problem.

# %%
model = MaskablePPO("MlpPolicy", env, n_steps=512, gamma=0.5, seed=0, device="cpu")
model.learn(5_000 if QUICK else 200_000)


def play_model(seed):
    observation, info = env.reset(seed=seed)
    while "metrics" not in info:
        masks = env.unwrapped.action_masks()
        action, _ = model.predict(observation, action_masks=masks, deterministic=True)
        observation, _, _, _, info = env.step(action)
    return info["metrics"]["return"]


learned = [play_model(seed) for seed in TEST_SEEDS]
print(f"MaskablePPO: {np.mean(learned):.1f}")

# %% [markdown]
# The three beside each other, a dot an episode, and what `render` shows of the world, here at an
# episode's 300th request. Figures of matplotlib are drawn in the style of edgesim within `house`.

# %%
from edgesim.plots.style import ACCENT, GREY, house

shown = gymnasium.make("edgesim/AIGC-v0", render_mode="rgb_array", **SCENARIO)
shown.reset(seed=0)
for _ in range(300):
    shown.step(choose(shown.unwrapped.action_masks(), 0))
frame = shown.render()  # an array of pixels

with house():
    drawn = plt.figure(figsize=(8.0, 6.2))
    above, below = drawn.subplots(2, 1, height_ratios=(2, 4))
for row, returns in enumerate((random, own, learned)):
    above.barh(row, np.mean(returns), color=ACCENT if row else GREY, height=0.6)
    above.plot(returns, [row] * len(returns), "o", color="black", markersize=4)
above.set_yticks(range(3), ["at random", "own agent", "MaskablePPO"])
above.set_xlabel("return of an episode")
below.imshow(frame)
below.set_axis_off()

# %% [markdown]
# The metrics of an episode tell more than its return. What each means stands in
# `edgesim.envs.aigc.env.METRICS`.

# %%
from edgesim.envs.aigc.env import METRICS

_, info = env.reset(seed=0)
while "metrics" not in info:
    *_, info = env.step(choose(env.unwrapped.action_masks(), 0))
for name, value in info["metrics"].items():
    print(f"{name:12}{value:10.3f}  {METRICS[name]}")
