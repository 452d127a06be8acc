"""Claims about runs in the worlds of the released data."""

from dataclasses import replace

import numpy as np
import pytest
import torch
from lewm_columns import columns, write

from smwm_book.experiments.presets import TASKS, get_preset
from smwm_book.experiments.runs import train_run
from smwm_core.errors import SMWMError
from smwm_core.losses.objective import Objective
from smwm_core.worlds.lewm.look import LewmReacher

NAMES = {
    "tworoom": "tworoom.h5",
    "pusht": "pusht_expert_train.h5",
    "reacher": "reacher.h5",
    "cube": "cube_single_expert.h5",
}


SOURCES, STEPS = 10, 11


@pytest.fixture(autouse=True)
def folder(tmp_path, monkeypatch):
    monkeypatch.setenv("SMWM_DATA", str(tmp_path))
    return tmp_path / "cache" / "released"


def content(task: str, repetitions: int = 1) -> dict[str, np.ndarray]:
    """Columns of ten sources of seven rows each; red is the row's number, and so is the first number of its state."""
    episodes = SOURCES * repetitions
    rows = episodes * STEPS
    random = np.random.default_rng(0)
    given = {name: values[:1].repeat(rows, 0) for name, values in columns(task).items()}
    given["action"] = random.normal(size=given["action"].shape).astype(given["action"].dtype)
    given["ep_len"] = np.full(episodes, STEPS, np.int32)
    given["ep_offset"] = np.arange(episodes) * STEPS
    given["pixels"] = random.integers(0, 256, (rows, 224, 224, 3), dtype=np.uint8)
    given["pixels"][..., 0] = np.arange(rows)[:, None, None]
    first = {"tworoom": "proprio", "pusht": "state"}.get(task, "qpos")
    given[first][:, 0] = np.arange(rows)
    starts = given["ep_offset"]
    given[first][starts] = given[first][starts % (SOURCES * STEPS)]  # repetitions begin alike
    return given


@pytest.fixture
def reacher(folder):
    return stored(folder, "reacher")


def stored(folder, task: str, repetitions: int = 1) -> dict[str, np.ndarray]:
    """Put a small file where the released one would be."""
    given = content(task, repetitions)
    folder.mkdir(parents=True, exist_ok=True)
    write(folder / NAMES[task], given)
    return given


def test_a_control_model_is_trained_on_stored_frames(reacher):
    tiny = get_preset("paper_smoke").planner_config("reacher", Objective(inverse=5))
    config = replace(tiny, world="reacher/released", batch_size=8, windows=None, epochs=2)
    run = train_run(config, 0, torch.device("cpu"))
    windows = 9 * (STEPS - 9)  # nine episodes are for training, and a window takes two blocks of five steps
    assert len(run.history["inverse"]) == config.epochs * (windows // config.batch_size) == 4
    assert np.isfinite(run.history["loss"]).all()
    assert isinstance(run.world.simulator, LewmReacher)


def test_a_figure_of_the_paper_preset_does_not_begin_without_its_data(reacher):
    with pytest.raises(SMWMError, match=r"has no file cube_single_expert\*\.h5; run `smwm data fetch cube`"):
        get_preset("paper_released").require_data(["cube"])
    get_preset("paper").require_data(TASKS)  # draws what it needs
    get_preset("paper_smoke").require_data(TASKS)
    with pytest.raises(SMWMError, match="data fetch tworoom"):
        get_preset("paper_released").require_data(["tworoom"])
