"""The thermal rig to command: two heaters in the page, and what two trained models believe of their temperatures."""

import numpy as np

from smwm_book.experiments.series import WINDOW
from smwm_book.experiments.series_control import OPINION
from smwm_book.widgets.packed_weights import packed
from smwm_book.widgets.page import page
from smwm_core.worlds import conditions, thermal_rig

OPINIONS = ("inverse_drawing", "readback")  # the log of commands not seen, and seen
AHEAD = 12  # samples that are predicted
RULES = (
    *("SAMPLE", "EULER_STEPS", "POWERS", "CAPACITY", "LOSS", "COUPLING", "SENSOR", "QUANTUM", "HOLD"),
    *("DAY", "KEEP", "PUSH", "SMOKE_NOISE", "LONGEST_SINCE", "NOISE", "LOST"),
)


def two_opinions(arrays: dict[str, np.ndarray]) -> str:
    """HTML with its data and script inside.

    Arguments:
        arrays: for both of ``OPINIONS``, by ``opinion.NAME.PART``, what ``Examined.arrays`` returns.
    """
    known, networks, opinions = vars(conditions) | vars(thermal_rig), [], []
    for name in OPINIONS:
        prefix = f"opinion.{name}."
        parts = {key.removeprefix(prefix): part for key, part in arrays.items() if key.startswith(prefix)}
        networks.append(packed({key: parts.pop(key) for key in [*parts] if key.startswith(OPINION)}))
        opinions.append({key.split(".")[1]: part.tolist() for key, part in parts.items()})
    return page(
        "rig.html",
        {
            "networks": networks,
            "opinions": opinions,
            "rules": {name: known[name] for name in RULES},
            "window": WINDOW,
            "ahead": AHEAD,
        },
    )
