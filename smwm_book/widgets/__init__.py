"""Pages to play with: the trained networks computed by the reader's own browser, or by torch in Jupyter."""

from smwm_book.widgets.drive import Drive, DriveTheDot
from smwm_book.widgets.planner import Planning, PlanYourWay, reachable

__all__ = ["Drive", "DriveTheDot", "PlanYourWay", "Planning", "reachable"]
