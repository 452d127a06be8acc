"""A claim about the planning tasks of the book: each has its physical quantities."""

import torch

from smwm_book.experiments.presets import TASKS
from smwm_core.analysis.quantities import COLOURED_BY, QUANTITIES
from smwm_core.worlds import SIMULATORS


def test_every_task_has_its_quantities():
    assert list(QUANTITIES) == list(TASKS) == list(COLOURED_BY)
    assert set(TASKS) == set(SIMULATORS)
    for task, (build, _) in SIMULATORS.items():
        states, _, _ = build().collect(1, torch.Generator().manual_seed(0))
        state = states[0, :30]
        assert COLOURED_BY[task](state).shape == (30, 2)
        for of in QUANTITIES[task].values():
            assert of(state).shape[0] == 30
            assert torch.isfinite(of(state)).all()
