"""Figures: arrays in, a matplotlib figure out, nothing computed on the way."""

from smwm_core.figures.dot_world import collapse, latent_grids, spectra
from smwm_core.figures.rollout import rollout_error, rollout_paths

__all__ = ["collapse", "latent_grids", "rollout_error", "rollout_paths", "spectra"]
