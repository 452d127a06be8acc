"""The library behind the reproducible companion of *Sensorimotor World Models* (arXiv 2606.20104).

One road for the data: a world's states are drawn on the device, encoded, predicted and inverted by
a world model, trained under an objective, and read by analysis, probes and planner.
"""

from smwm_core.analysis.checkup import checkup
from smwm_core.analysis.spectrum import spectrum
from smwm_core.errors import SMWMError
from smwm_core.losses.objective import Objective
from smwm_core.models import WorldModel
from smwm_core.planning import CEM, final_distance
from smwm_core.pretrained import load
from smwm_core.training.loop import History, fit
from smwm_core.worlds import Transitions, make_world

__all__ = [
    "CEM",
    "History",
    "Objective",
    "SMWMError",
    "Transitions",
    "WorldModel",
    "__version__",
    "checkup",
    "final_distance",
    "fit",
    "load",
    "make_world",
    "spectrum",
]
__version__ = "0.2.0"
