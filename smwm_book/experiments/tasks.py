"""The planning tasks of the book, published beside its results: the same are planned again without the episodes."""

from pathlib import Path

import torch

from smwm_core.errors import SMWMError
from smwm_core.planning.tasks import Tasks, draw_tasks
from smwm_core.seeds import generator
from smwm_core.storage import root
from smwm_core.storage.files import save_arrays
from smwm_core.storage.reading import read_arrays
from smwm_core.storage.schemas import TASKS
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
    simulator, remedy = make_world(name).simulator, "restore it or draw the tasks with --recompute"
    arrays = read_arrays(path, TASKS, remedy, N=n, S=simulator.state_dim, A=simulator.action_dim)
    for column, states in arrays.items():
        if column != "demonstrated" and not simulator.inside(torch.from_numpy(states)).all():
            raise SMWMError(f"The column {column!r} of {root.shown(path)} has a state outside of the world; {remedy}.")
    return Tasks(**{column: torch.from_numpy(states) for column, states in arrays.items()})


def tasks_path(name: str, n: int, offset: int) -> Path:
    return root.data() / "tasks" / f"{name.replace('/', '-')}_{n}x{offset}.npz"
