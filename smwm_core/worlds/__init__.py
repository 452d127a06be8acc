"""Worlds: where transitions come from and how their states look."""

from smwm_core.errors import choose
from smwm_core.worlds.dots import SETTINGS, DotWorld
from smwm_core.worlds.sprite import CONTROLS, SpriteWorld
from smwm_core.worlds.transitions import Transitions, World

__all__ = ["DotWorld", "SpriteWorld", "Transitions", "World", "make_world"]

_WORLDS = {f"dots/{name}": (DotWorld.setting, name) for name in SETTINGS}
_WORLDS |= {f"sprite/{name}": (SpriteWorld, name) for name in CONTROLS}


def make_world(name: str) -> World:
    """Build a world by its name, for example ``"dots/single"`` or ``"sprite/xy"``."""
    build, setting = choose("world", name, _WORLDS)
    return build(setting)
