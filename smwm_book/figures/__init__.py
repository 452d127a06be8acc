"""Figures: arrays in, a matplotlib figure out, nothing computed on the way."""

from smwm_book.figures.actions import amplitude_step, latent_circles, wirings
from smwm_book.figures.anticollapse import kept_and_dropped, spectra_by_method
from smwm_book.figures.controllable import controllable_worlds, distractor_filtering, found_one_by_one
from smwm_book.figures.dot_world import collapse, latent_grids, position_colours, spectra
from smwm_book.figures.explorer import explorer_moment, explorer_table
from smwm_book.figures.planning import (
    filmstrips,
    geometry,
    horizon_sweep,
    lambda_sweep,
    landscapes,
    planning_success,
    probe_scores,
    search_narrowing,
)
from smwm_book.figures.play import driven_moves, plans_and_ways
from smwm_book.figures.rollout import rollout_error, rollout_paths
from smwm_book.figures.sprite import decoded_frames, learning_order
from smwm_book.figures.translations import composition_errors, displacement_fields

__all__ = [
    "amplitude_step",
    "collapse",
    "composition_errors",
    "controllable_worlds",
    "decoded_frames",
    "displacement_fields",
    "distractor_filtering",
    "driven_moves",
    "explorer_moment",
    "explorer_table",
    "filmstrips",
    "found_one_by_one",
    "geometry",
    "horizon_sweep",
    "kept_and_dropped",
    "lambda_sweep",
    "landscapes",
    "latent_circles",
    "latent_grids",
    "learning_order",
    "planning_success",
    "plans_and_ways",
    "position_colours",
    "probe_scores",
    "rollout_error",
    "rollout_paths",
    "search_narrowing",
    "spectra",
    "spectra_by_method",
    "wirings",
]
