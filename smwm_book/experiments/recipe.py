"""What made a run's numbers: the version of every component that it uses, and a name for all of it.

The text of the code does not count: files move and words get better without making committed weights stale. What
counts is declared, and the canaries hold the declaration against the code.
"""

import hashlib
import json
from dataclasses import fields, is_dataclass

from smwm_core.errors import SMWMError
from smwm_core.storage.versions import VERSIONS
from smwm_core.training.kinds import Config, components


def recipe(config: Config) -> dict[str, int]:
    """Name and version of every component that decides the numbers of a run."""
    return {name: VERSIONS[name] for name in components(config)}


def fingerprint(config: Config, seed: int, device_type: str) -> str:
    """Twelve hexadecimal digits that name the numbers of a run: its configuration, seed, kind of device and recipe.

    Values that are the default are left out, so a new field does not rename the runs that there are.
    """
    identity = {"config": _unusual(config), "seed": seed, "device": device_type, "recipe": recipe(config)}
    return hashlib.sha256(json.dumps(identity, sort_keys=True).encode()).hexdigest()[:12]


def require_recipe(name: str, found: dict[str, int], expected: dict[str, int]) -> None:
    """Refuse what other versions made.

    Arguments:
        name: of the file, for the message.
        found: the recipe in it.
        expected: that of the present code.

    Raises:
        SMWMError: with every component that differs.
    """
    changed = [
        f"{component} {found.get(component, 'without')} instead of {expected.get(component, 'without')}"
        for component in sorted(found.keys() | expected.keys())
        if found.get(component) != expected.get(component)
    ]
    if changed:
        raise SMWMError(f"{name} was made with {', '.join(changed)}; train it again with --recompute.")


def _unusual(config) -> dict:
    """Values that differ from the default; numbers that are equal become the same text, 10 and 10.0."""
    found = {}
    for field in fields(config):
        value = getattr(config, field.name)
        if is_dataclass(value):
            found[field.name] = _unusual(value)
        elif value != field.default:
            found[field.name] = float(value) if isinstance(value, int | float) else value
    return found
