"""Two faults of recorded data, to try: sliders for bias and slip over the closed form, beside the measured points."""

from smwm_book.widgets.page import page
from smwm_core.worlds.biased_dots import LARGEST_SLIP, STRIDE

UNIFORM_VARIANCE = 1 / 3  # of wind and wish in [-1, 1], and nearly of the action


def two_faults(cells: list[dict[str, float]]) -> str:
    """HTML with its data and script inside.

    Arguments:
        cells: each with ``bias``, ``slip``, and the ``predicted`` and ``measured`` pull ratio.
    """
    kept = [{key: round(float(cell[key]), 3) for key in ("bias", "slip", "predicted", "measured")} for cell in cells]
    return page("faults.html", {"cells": kept, "stride": STRIDE, "clip": LARGEST_SLIP, "variance": UNIFORM_VARIANCE})
