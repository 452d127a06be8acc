"""The library behind the reproducible companion of *Sensorimotor World Models* (arXiv 2606.20104).

One road for the data: a world's states are drawn on the device, encoded, predicted and inverted by
a world model, trained under an objective, kept as a run, and read by analysis and probes.
"""

from smwm_core.errors import SMWMError

__all__ = ["SMWMError", "__version__"]
__version__ = "0.1.0"
