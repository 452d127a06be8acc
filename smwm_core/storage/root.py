"""Where files are kept.

``SMWM_DATA`` moves everything that is written (results, checkpoints, cache) to another folder; the
tests use it so that they never touch what is committed.
"""

import os
from pathlib import Path

_default: Path | None = None


def set_default(folder: Path) -> None:
    """Keep files in this folder unless ``SMWM_DATA`` names another."""
    global _default
    _default = folder.resolve()


def data() -> Path:
    """Root of results, checkpoints and cache: ``SMWM_DATA``, or the default, or ``smwm`` in the user's cache folder."""
    if "SMWM_DATA" in os.environ:
        return Path(os.environ["SMWM_DATA"]).resolve()
    if _default:
        return _default
    return users_own()


def users_own() -> Path:
    """``smwm`` in the user's cache folder."""
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache").resolve() / "smwm"


def shown(path: Path) -> str:
    """A path for messages: relative to the folder around the default where it lies inside."""
    inside = _default is not None and path.is_relative_to(_default.parent)
    return str(path.relative_to(_default.parent)) if inside else str(path)
