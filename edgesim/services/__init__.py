"""Real services: how a diffusion model is measured, and the profile that comes of it."""
