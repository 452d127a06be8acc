"""The kinds of runs that there are: how each is read back, trained, and which world it is of."""

from types import ModuleType

from smwm_core.losses.objective import Objective
from smwm_core.training import toy, vit
from smwm_core.training.config import ControlConfig, RunConfig
from smwm_core.worlds import World, make_world

Config = RunConfig | ControlConfig


def config_from(values: dict) -> Config:
    """The configuration whose ``asdict`` these are.

    Raises:
        TypeError: names that no configuration has.
        SMWMError: values that make no run.
    """
    kind = ControlConfig if "epochs" in values else RunConfig
    return kind(**{**values, "objective": Objective(**values["objective"])})


def trainer(config: Config) -> ModuleType:
    """The module that trains such a run: it has ``build_model``, ``train`` and ``PROGRESS_KEYS``."""
    return vit if isinstance(config, ControlConfig) else toy


def world_of(config: Config) -> World:
    """The world of a run, drawn as its model sees it."""
    return config.make_world() if isinstance(config, ControlConfig) else make_world(config.world)
