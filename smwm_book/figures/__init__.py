"""Figures: arrays in, a matplotlib figure out, nothing computed on the way."""

from smwm_book.figures.actions import amplitude_step, latent_circles, wirings
from smwm_book.figures.anticollapse import kept_and_dropped, spectra_by_method
from smwm_book.figures.blobs import blob_latents, blob_transition, variance_and_losses
from smwm_book.figures.controllable import controllable_worlds, distractor_filtering, found_one_by_one
from smwm_book.figures.dot_world import collapse, latent_grids, position_colours, spectra
from smwm_book.figures.dropped import confused_frames, ends_of_episodes, kept_by_world
from smwm_book.figures.explorer import explorer_moment, explorer_table, variance_by_lambda
from smwm_book.figures.holes import costs_compared, doubtful_goals, drift
from smwm_book.figures.planning import (
    by_recording,
    filmstrips,
    geometry,
    horizon_sweep,
    lambda_sweep,
    landscapes,
    planning_success,
    probe_scores,
    search_narrowing,
    success_and_readings,
)
from smwm_book.figures.play import driven_moves, plans_and_ways
from smwm_book.figures.policy import early_traces, pull_against_prediction
from smwm_book.figures.rollout import rollout_error, rollout_paths
from smwm_book.figures.scale import scale_and_leak, weight_map, weight_paths
from smwm_book.figures.series import along_the_line, claims_and_knowledge, set_points_held, what_if
from smwm_book.figures.sprite import decoded_frames, learning_order
from smwm_book.figures.time import held_by_arm, left_by_lag
from smwm_book.figures.translations import composition_errors, displacement_fields
