"""The kinds of runs that there are: how each is read back and trained."""

from dataclasses import fields
from types import ModuleType

from smwm_core.losses.objective import Objective
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
    return sorted([*own, *config.objective.components, *config.make_world().components])


def config_from(values: dict) -> Config:
    """The configuration whose ``asdict`` these are.

    Raises:
        TypeError: names that no configuration has.
        SMWMError: values that make no run.
    """
    for kind in (ToyConfig, ControlConfig, VitConfig):
        if values.keys() <= {field.name for field in fields(kind)}:
            return kind(**{**values, "objective": Objective(**values["objective"])})
    raise TypeError(f"no configuration has all of {', '.join(sorted(values))}")
