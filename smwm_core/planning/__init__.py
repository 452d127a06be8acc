"""Planning: a search over action sequences, costs that judge them, and control that carries plans out."""

from smwm_core.planning.cem import CEM, Plan
from smwm_core.planning.costs import final_distance

__all__ = ["CEM", "Plan", "final_distance"]
