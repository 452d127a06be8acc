"""A number for every component whose code decides numbers.

Raise a component's number when its numbers change by more than rounding: what was made with the old one is then known
to be old. ``tests/core/test_canary.py`` says when you must.
"""

VERSIONS = {
    "toy model": 1,
    "toy training": 1,
    "toy history": 1,
    "control model": 1,
    "control training": 1,
    "control history": 1,
    "vit model": 2,
    "vit training": 2,
    "objective": 1,
    "sigreg": 1,
    "vicreg": 1,
    "reconstruction": 2,
    "ema": 1,
    "inverse question": 1,
    "split inverse": 1,
    "constraint": 1,
    "relative forward": 1,
    "weights file": 1,
    "streams": 1,
    "dots": 2,
    "orbit": 1,
    "biased dots": 1,
    "sprite": 2,
    "propeller": 1,
    "wiring": 1,
    "moving blob": 1,
    "recording": 2,
    "tworoom": 1,
    "pusht": 4,
    "reacher": 2,
    "cube": 2,
    "lewm": 3,
    "thermal rig": 1,
}
