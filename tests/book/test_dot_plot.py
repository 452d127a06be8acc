"""Claims about the dots of ours against the paper's.

1. A dot lies at the paper's value to the right and ours upwards; its interval and its name belong to it.
2. Numbers of learnt models are filled, baselines are rings; what lies outside the axes is drawn at their ends.
"""

import re
from xml.etree import ElementTree

from smwm_book.tables.dot_plot import LEFT, SIDE, TOP, Dot, square

DOTS = [
    Dot("smwm", "Fig. 5", 50, 100, 75, 100, True),
    Dot("random <agent>", "Fig. 5", 25, 0, None, None, False),
    Dot("probe", "Table", 0, -40, -60, 20, True),
]


def picture():
    html = square("Success (%)", DOTS, 100, [0, 50, 100])
    return ElementTree.fromstring(re.search("<svg.*?</svg>", html, re.DOTALL)[0])


def test_dots_lie_at_their_values():
    circles = picture().findall("circle")
    places = [(float(c.get("cx")) - LEFT, TOP + SIDE - float(c.get("cy"))) for c in circles]
    assert places == [(SIDE / 2, SIDE), (SIDE / 4, 0), (0, 0)]
    names = [c.find("title").text for c in circles]
    assert names[:2] == ["smwm: the paper 50, ours 100", "random <agent>: the paper 25, ours 0"]


def test_intervals_belong_to_their_dots_and_end_at_the_axes():
    bars = [path.get("d") for path in picture().findall("path")][1:]  # the first is the line of equality
    assert bars == [
        f"M{LEFT + SIDE / 2:.1f} {TOP + SIDE / 4:.1f}V{TOP:.1f}",
        f"M{LEFT:.1f} {TOP + SIDE:.1f}V{TOP + 0.8 * SIDE:.1f}",
    ]


def test_learnt_models_are_filled_and_groups_have_colours():
    circles = picture().findall("circle")
    colours = [c.get("stroke") for c in circles]
    assert [c.get("fill") for c in circles] == [colours[0], "none", colours[2]]
    assert colours[0] == colours[1] != colours[2]
    assert "0 of 3 differ by at most a tenth" in picture().get("aria-label")
