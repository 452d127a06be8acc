"""Claims about the figure of two faults: it holds the measured cells, names no host, and its formula fits the data."""

import json
import re

import numpy as np
import torch

from smwm_book.widgets.faults import two_faults
from smwm_core.seeds import generator
from smwm_core.worlds import make_world

CELL = {"bias": 0.9, "slip": 0.5, "predicted": 2.35, "measured": 2.2104}


def inside(html: str) -> dict:
    return json.loads(re.search(r'<script type="application/json">(.*?)</script>', html, re.DOTALL)[1])


def test_the_html_holds_the_cells_and_names_no_host():
    html = two_faults([CELL])
    assert not re.search(r"https?:|//[a-z]", html)
    assert inside(html)["cells"] == [{**CELL, "measured": 2.21}]
    assert "PLAY_" not in html


def test_the_formula_is_that_of_the_data():
    """What the script computes, written once more, against least squares on drawn transitions."""
    data = inside(two_faults([CELL]))
    z = np.arange(-6, 6.01, 0.05)
    weight = np.exp(-(z**2) / 2)
    for bias, slip in ((0.5, 0.5), (0.9, 0.25), (0.9, 0.5)):
        clipped = np.minimum(np.abs(data["stride"] * slip * z), data["clip"]) ** 2
        noise = ((weight * clipped).sum() / weight.sum() + 1 / 12) / (data["stride"] ** 2 * data["variance"])
        drawn = make_world(f"biased/{bias}/{slip}").sample(60_000, generator(0, "test"))
        fit = torch.linalg.lstsq((drawn.next_state - drawn.state).double(), drawn.action.double()).solution
        assert abs((fit[2:].norm() / fit[:2].norm()).item() / (bias * noise / (1 - bias**2)) - 1) < 0.08
