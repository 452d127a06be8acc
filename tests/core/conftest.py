"""Tests of the library alone: it keeps its files where the repository does, but knows nothing of the book."""

from pathlib import Path

from smwm_core.storage import root

root.set_default(Path(__file__).resolve().parents[2] / "data")
