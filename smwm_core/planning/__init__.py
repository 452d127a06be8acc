"""Planning: a search over action sequences, costs that judge them, and control that carries plans out."""

from smwm_core.planning.cem import CEM, Plan
from smwm_core.planning.control import (
    Outcome,
    Tasks,
    carry_out,
    draw_tasks,
    median_steps,
    model_controller,
    oracle_controller,
    random_controller,
)
from smwm_core.planning.costs import final_distance

__all__ = [
    "CEM",
    "Outcome",
    "Plan",
    "Tasks",
    "carry_out",
    "draw_tasks",
    "final_distance",
    "median_steps",
    "model_controller",
    "oracle_controller",
    "random_controller",
]
