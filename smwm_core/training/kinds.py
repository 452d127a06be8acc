"""The kinds of runs that there are: how each is read back and trained."""

from dataclasses import fields
from types import ModuleType
from typing import Any

from smwm_core.errors import SMWMError
from smwm_core.losses.objective import Objective
from smwm_core.storage.reading import converted, shortened
from smwm_core.training import control, toy, vit
from smwm_core.training.config import ControlConfig, ToyConfig, VitConfig

Config = ToyConfig | ControlConfig | VitConfig
TRAINERS = {"toy": toy, "control": control, "vit": vit}


def trainer(config: Config) -> ModuleType:
    """The module that trains such a run: it has ``build_model`` and ``train``."""
    return TRAINERS[config.kind]


def components(config: Config) -> list[str]:
    """All that decides the numbers of a run, as ``VERSIONS`` names it."""
    own = [f"{config.kind} model", f"{config.kind} training", "weights file", "streams"]
    own += getattr(config, "components", ())
    return sorted([*own, *config.objective.components, *config.make_world().components])


def config_from(values: dict[str, Any], name: str) -> Config:
    """The configuration whose ``asdict`` these are.

    Arguments:
        name: of the file that they are from, for the message.

    Raises:
        SMWMError: names that no configuration has, values of another type, or values that make no run.
    """
    objective = values.get("objective")
    foreign = objective.keys() - _names(Objective) if isinstance(objective, dict) else ()
    for kind in (ToyConfig, ControlConfig, VitConfig):
        if values.keys() <= _names(kind) and not foreign:
            return converted(values, kind, name, "of a run", "restore or recompute it")
    raise SMWMError(f"{name} is of no run: no configuration has all of {shortened(', '.join(sorted(values)))}.")


def _names(kind: type) -> set[str]:
    return {field.name for field in fields(kind)}
