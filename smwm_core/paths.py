"""Where things lie.

``SMWM_DATA`` moves everything that is written (results, checkpoints, cache) to another folder; the
tests use it so that they never touch what is committed.
"""

import os
from pathlib import Path

REPOSITORY = Path(__file__).resolve().parents[1]
NOTEBOOKS = REPOSITORY / "notebooks"
PAPER = REPOSITORY / "data" / "paper"


def data() -> Path:
    """Root of results, checkpoints and cache: ``data/`` in the repository, or ``SMWM_DATA``."""
    return Path(os.environ.get("SMWM_DATA", REPOSITORY / "data")).resolve()


def shown(path: Path) -> str:
    """A path for messages: relative to the repository where it lies inside."""
    return str(path.relative_to(REPOSITORY)) if path.is_relative_to(REPOSITORY) else str(path)
