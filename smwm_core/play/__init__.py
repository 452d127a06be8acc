"""Pages to play with: the trained networks computed by the reader's own browser, or by torch in Jupyter."""

from smwm_core.play.drive import Drive, DriveTheDot
from smwm_core.play.planner import Planning, PlanYourWay, reachable

__all__ = ["Drive", "DriveTheDot", "PlanYourWay", "Planning", "reachable"]
