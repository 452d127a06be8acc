"""The planning tasks of the book, published beside its results: the same are planned again without the episodes."""

from dataclasses import fields
from pathlib import Path

import torch

from smwm_core.errors import SMWMError
from smwm_core.planning.tasks import Tasks, draw_tasks
from smwm_core.seeds import generator
from smwm_core.storage import root
from smwm_core.storage.files import load_arrays, save_arrays
from smwm_core.worlds import make_world


def planning_tasks(name: str, n: int, offset: int, *, recompute: bool, keep: bool = True) -> Tasks:
    """The tasks of a world that everything in the book plans, whatever the method and the seed.

    Arguments:
        name: of the world, as ``make_world`` knows it.
        n, offset: as for ``draw_tasks``.
        recompute: whether to draw them from the episodes, or to read what was published.
        keep: whether what is drawn is published.
    """
    path = tasks_path(name, n, offset)
    if recompute:
        tasks = draw_tasks(make_world(name), n, offset, generator(0, f"planning tasks of {name}"))
        if keep:
            save_arrays(path, {name: states.numpy() for name, states in tasks.columns.items()})
        return tasks
    if not path.exists():
        raise SMWMError(f"There are no published tasks {root.shown(path)}; draw them with --recompute.")
    arrays = load_arrays(path, "restore it or draw the tasks with --recompute")
    if not {"start", "goal"} <= arrays.keys():
        raise SMWMError(f"{root.shown(path)} holds no tasks; restore it or draw them with --recompute.")
    columns = {field.name for field in fields(Tasks)}
    return Tasks(**{name: torch.from_numpy(values) for name, values in arrays.items() if name in columns})


def tasks_path(name: str, n: int, offset: int) -> Path:
    return root.data() / "tasks" / f"{name.replace('/', '-')}_{n}x{offset}.npz"
