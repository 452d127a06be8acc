"""Worlds: where transitions come from and how their states look."""

from collections.abc import Callable
from dataclasses import replace
from functools import cache, partial

from smwm_core.errors import SMWMError, choose
from smwm_core.worlds.biased_dots import BiasedDots
from smwm_core.worlds.dots import SETTINGS, DotWorld
from smwm_core.worlds.lewm.drawn import EPISODES, drawn, drawn_task
from smwm_core.worlds.lewm.world import SLOWLY_DRAWN, released
from smwm_core.worlds.moving_blob import MovingBlob
from smwm_core.worlds.propeller import Propeller
from smwm_core.worlds.recorded.frame_store import FrameStore
from smwm_core.worlds.recorded.frameskip import FrameSkip
from smwm_core.worlds.recorded.recording import recorded
from smwm_core.worlds.simulators.cube import Cube
from smwm_core.worlds.simulators.push_t import PushT
from smwm_core.worlds.simulators.reacher import Reacher
from smwm_core.worlds.simulators.two_room import TwoRoom
from smwm_core.worlds.sprite import ACTION_SETS, SpriteWorld
from smwm_core.worlds.thermal_rig import ThermalRig
from smwm_core.worlds.wiring import WiredDot
from smwm_core.worlds.world import Simulator, Transitions, World

__all__ = [
    "BiasedDots",
    "Cube",
    "DotWorld",
    "FrameSkip",
    "MovingBlob",
    "Propeller",
    "PushT",
    "Reacher",
    "SpriteWorld",
    "ThermalRig",
    "Transitions",
    "TwoRoom",
    "WiredDot",
    "World",
    "make_world",
    "planning_task",
]

# With the number of episodes to record.
SIMULATORS = {
    "tworoom": (TwoRoom, 10_000),
    "reacher": (Reacher, 2_000),
    "pusht": (PushT, 4_000),
    "cube": (Cube, 500),
}
# Other episodes than the usual ones of the same simulator.
VARIANTS = {
    "tworoom/unseen": {"unseen": True},
    "pusht/pose": {"demonstrations": "pose"},
    "reacher/mixed": {"torques": "mixed"},
    "reacher/fresh": {"torques": "fresh"},
}
USUAL_SIZE = 64

_WORLDS = {f"dots/{name}": partial(DotWorld.setting, name) for name in SETTINGS}
_WORLDS |= {f"sprite/{name}": partial(SpriteWorld, name) for name in ACTION_SETS}
_READ_FROM_THEIR_NAMES = {"propeller": Propeller.named, "wiring": WiredDot.named, "blob": MovingBlob.named}


@cache
def make_world(name: str, image_size: int | None = None) -> World:
    """The world of a name, always the same object, for example ``"dots/single"``, ``"sprite/xy"`` or ``"tworoom"``.

    Dots of your own choice are their motions with plus signs between them: ``"dots/independent+static"``. The dots of
    ``"dots/distractor/8"`` move by up to 8 px in a step, not 16. Dots of a biased agent are named by its bias and their
    slip, ``"biased/0.9/0.5"``, a propeller by its largest turn, ``"propeller/30"``, a wiring by its kind,
    ``"wiring/valve"``, a moving blob by how it answers, ``"blob/delay2"``. A simulator records another number of
    episodes than usual if its name ends with it, ``"tworoom/400"``, and other episodes if its name says so,
    ``"pusht/pose"``, ``"reacher/fresh"`` or ``"reacher/mixed/6000"``; it takes those that were released with
    LeWorldModel if its name ends with that: ``"tworoom/released"``. ``"reacher/drawn"`` and ``"cube/drawn/2000"`` are
    recorded and drawn here in the published look.

    Arguments:
        name: of the world.
        image_size: of a simulator's frames, 64 if not given; the toy worlds have one size.
    """
    dots, _, largest = name.rpartition("/")
    if name.startswith("dots/") and name.count("/") == 2 and largest.isdecimal():
        return replace(make_world(dots), largest_displacement=int(largest))
    if name.startswith("dots/") and "+" in name:
        return DotWorld(tuple(name.removeprefix("dots/").split("+")))
    if name.startswith(("biased/", "chaser/")):
        return BiasedDots.named(name)
    simulator, _, episodes = name.partition("/")
    if simulator in _READ_FROM_THEIR_NAMES:
        return _READ_FROM_THEIR_NAMES[simulator](episodes)
    if simulator in SIMULATORS:
        return _blocks(simulator, episodes, image_size)
    return choose("world", name, {**_WORLDS, **SIMULATORS})()


@cache
def _blocks(name: str, episodes: str, image_size: int | None) -> FrameSkip:
    """A simulator with its recorded episodes, which are read or collected when they are first needed."""
    if episodes == "released":
        return released(name, image_size or USUAL_SIZE)
    kind, _, count = episodes.partition("/")
    if kind == "drawn" and (count.isdecimal() or not count):
        return drawn(name, int(count or EPISODES), image_size or USUAL_SIZE)
    build, recording, count = planning_task(f"{name}/{episodes}")
    simulator = build(image_size or USUAL_SIZE)
    frames = FrameStore(simulator, name) if name in SLOWLY_DRAWN else None
    record = partial(recorded, simulator, recording, count)
    return FrameSkip(simulator, record, frames=frames, components=("recording", name))


def planning_task(name: str) -> tuple[Callable[..., Simulator], str, int]:
    """What builds the simulator of a planning task, its recording's name, and how many episodes of ``"pusht/20000"``.

    Raises:
        SMWMError: an unknown task, or something else after it than episodes that it knows, and a number.
    """
    task, _, rest = name.partition("/")
    build, usual = choose("planning task", task, SIMULATORS)
    variant, _, episodes = rest.partition("/")
    if variant == "drawn" and (episodes.isdecimal() or not episodes):
        return *drawn_task(task), int(episodes or EPISODES)
    if f"{task}/{variant}" not in VARIANTS:
        variant, episodes = "", rest
    if episodes and not episodes.isdecimal():
        raise SMWMError(f"The world {name} should end with a number of episodes.")
    build = partial(build, **VARIANTS[f"{task}/{variant}"]) if variant else build
    return build, "-".join(filter(None, (task, variant))), int(episodes or usual)
