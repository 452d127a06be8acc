"""The package ``stable-worldmodel`` 0.0.6, from which the planning tasks come, where it is installed.

It is not among our requirements. With ``pip install --no-deps stable-worldmodel==0.0.6`` the tests that use this module
run; without it they are skipped. What it imports for training, drawing and logging only is replaced here while it is
imported, where it is missing: none of it computes a state, a success or a plan.
"""

import importlib
import importlib.metadata
import importlib.util
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.machinery import ModuleSpec
from types import ModuleType
from unittest import mock

import pytest

VERSION = "0.0.6"
ONLY_IMPORTED = (
    *("torchvision", "loguru", "einops", "gdown"),
    *("pygame", "pygame.locals", "cv2", "shapely", "shapely.geometry", "minigrid"),
)


class _Stub(ModuleType):
    """A module of which every name is there and does nothing."""

    def __init__(self, name: str) -> None:
        super().__init__(name)
        self.__path__: list[str] = []
        self.__spec__ = ModuleSpec(name, None)
        if name == "pygame":
            self.Color = lambda *_: (0, 0, 0)

    def __getattr__(self, name: str):
        if name.startswith("__"):
            raise AttributeError(name)
        return mock.MagicMock(name=f"{self.__name__}.{name}")


def original(module: str) -> ModuleType:
    """A module of the package; the test is skipped where that cannot be."""
    try:
        version = importlib.metadata.version("stable-worldmodel")
    except importlib.metadata.PackageNotFoundError:
        pytest.skip(f"needs the package stable-worldmodel {VERSION}, which is not a requirement")
    if version != VERSION:
        pytest.skip(f"needs stable-worldmodel {VERSION}, not {version}")
    with _stubs():
        return importlib.import_module(f"stable_worldmodel.{module}")


@contextmanager
def _stubs() -> Iterator[None]:
    missing = [name for name in ONLY_IMPORTED if importlib.util.find_spec(name.partition(".")[0]) is None]
    for name in missing:
        sys.modules[name] = _Stub(name)
    try:
        yield
    finally:
        for name in [*missing, "pymunk.pygame_util"]:  # the last one has seen a replacement
            sys.modules.pop(name, None)
