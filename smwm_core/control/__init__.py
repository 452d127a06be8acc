"""Training at the paper's own scale: vision transformers on frames of 224 px, for a GPU."""

from smwm_core.control.config import ControlConfig

__all__ = ["ControlConfig"]
