"""Diffusion services: images whose quality rises with the denoising steps."""
