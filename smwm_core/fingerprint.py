"""The name of a run's numbers: a digest of all that can change them.

It covers the configuration, the seed, the kind of device and the source of every module whose code
can change the outcome. Comments, docstrings and layout do not count, so better words never make a
committed checkpoint stale; changed code always does.
"""

import hashlib
import inspect
import json
import sys
from dataclasses import asdict
from importlib.metadata import PackageNotFoundError, version
from types import ModuleType

from smwm_core import episodes, frames, helpers, lewm_files, losses, objective, seeds, sigreg, training, vicreg
from smwm_core.control import ControlConfig, windows
from smwm_core.control import training as control_training
from smwm_core.errors import SMWMError
from smwm_core.models import control_model, decoder, dynamics, encoder, transformer, vit, world_model
from smwm_core.source import code_digest
from smwm_core.training import RunConfig
from smwm_core.worlds import Blocks, make_world, mujoco_worlds, transitions
from smwm_core.worlds.released import ReleasedBlocks

_ALWAYS = (training, objective, helpers, losses, seeds, encoder, dynamics, world_model, transitions)
_CONTROL = (control_training, windows, losses, objective, seeds, control_model, dynamics, transformer, vit, world_model)
_WHERE_USED = {"sigreg": sigreg, "vicreg": vicreg, "reconstruction": decoder}


def fingerprint(config: RunConfig | ControlConfig, seed: int, device_type: str) -> str:
    """Twelve hexadecimal digits that name the numbers of a run."""
    control = isinstance(config, ControlConfig)
    world = config.make_world() if control else make_world(config.world)
    modules = [*(_CONTROL if control else _ALWAYS), *_modules(type(world))]
    if isinstance(world, Blocks):
        modules += [episodes, *_modules(type(world.simulator))]
        if world.frames:
            modules += [frames, mujoco_worlds]
    if isinstance(world, ReleasedBlocks):
        modules += [lewm_files, mujoco_worlds]
    modules += [module for term, module in _WHERE_USED.items() if getattr(config.objective, term)]
    identity = {
        "config": _plain(asdict(config)),
        "seed": seed,
        "device": device_type,
        "code": {module.__name__: code_digest(inspect.getsource(module)) for module in modules},
    }
    if control:
        try:
            identity["transformers"] = version("transformers")
        except PackageNotFoundError as error:
            raise SMWMError(vit.TRANSFORMERS_MISSING) from error
    return hashlib.sha256(json.dumps(identity, sort_keys=True).encode()).hexdigest()[:12]


def _modules(kind: type) -> list[ModuleType]:
    """Ours in which a class and those that it inherits from are written."""
    names = {parent.__module__ for parent in kind.__mro__}
    return [sys.modules[name] for name in sorted(names) if name.startswith("smwm_core.")]


def _plain(value):
    """Numbers that are equal become the same text: 10 and 10.0 are one configuration."""
    if isinstance(value, dict):
        return {key: _plain(entry) for key, entry in value.items()}
    return float(value) if isinstance(value, int | float) else value
