"""Claims about runs of the control models: kept, found again, continued, exported and swept."""

import functools
import shutil
import tempfile
from collections import namedtuple
from dataclasses import fields, replace
from pathlib import Path

import numpy as np
import pytest
import torch
from safetensors.torch import load_file
from saved import every_save
from torch import Tensor

from smwm_book.experiments import checkpoints, export, resources, runs
from smwm_book.experiments.presets import get_preset
from smwm_book.experiments.recipe import fingerprint
from smwm_book.experiments.sweeps import planned, sweep
from smwm_core.errors import SMWMError
from smwm_core.losses.objective import Objective
from smwm_core.storage import weights
from smwm_core.training import kinds, vit
from smwm_core.training.config import ControlConfig, VitConfig
from smwm_core.training.loop import History
from smwm_core.worlds import FrameSkip

CPU = torch.device("cpu")


CONFIG = VitConfig(
    "tworoom/40",
    Objective(0.1, 0.09),
    image_size=28,
    encoder_depth=2,
    depth=2,
    batch_size=8,
    windows=26,  # three batches, and two windows that are left out
    epochs=2,
)


STEPS = 6


@pytest.fixture(scope="module", autouse=True)
def data(tmp_path_factory):
    """A folder for what is recorded and trained here."""
    folder = tmp_path_factory.mktemp("data")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("SMWM_DATA", str(folder))
        yield folder


@pytest.fixture
def elsewhere(tmp_path, monkeypatch):
    """Another folder, with the same episodes."""
    CONFIG.make_world().split  # noqa: B018, they are collected
    monkeypatch.setenv("SMWM_DATA", str(tmp_path))
    return tmp_path


@pytest.fixture(scope="module")
def world() -> FrameSkip:
    return CONFIG.make_world()


@functools.cache
def uninterrupted() -> tuple[History, list[bytes]]:
    """A run, and what it wrote to disk after each of its steps."""
    with tempfile.TemporaryDirectory() as folder, every_save() as states:
        return vit.train(CONFIG, 0, device=CPU, progress=Path(folder) / "progress", save_every_seconds=0), states


def assert_same_tensors(one: dict[str, Tensor], other: dict[str, Tensor]) -> None:
    assert one.keys() == other.keys()
    for name, tensor in one.items():
        assert torch.equal(tensor, other[name]), name


def test_too_little_disk_is_refused_with_both_numbers(monkeypatch, elsewhere):
    usage = namedtuple("usage", "free")
    needed = 26 * resources.needs(CONFIG).parameters
    assert needed > 2 * len(uninterrupted()[1][-1]) * 0.95
    monkeypatch.setattr(shutil, "disk_usage", lambda folder: usage(1_000))
    words = rf"a run on tworoom/40 in .* may take {needed / 1e9:.1f} GB, and its disk has 0\.0 GB left; set SMWM_DATA"
    with pytest.raises(SMWMError, match=words):
        runs.train_run(CONFIG, 0, CPU)
    assert not list(elsewhere.rglob("*.safetensors"))


def test_every_value_changes_the_fingerprint():
    changes = {
        "world": "tworoom/60",
        "objective": Objective(0.2, 0.09),
        "image_size": 56,
        "patch_size": 7,
        "encoder_depth": 3,
        "depth": 3,
        "history": 2,
        "batch_size": 9,
        "epochs": 3,
        "windows": None,
        "learning_rate": 2e-4,
        "warm_up": 0.02,
        "weight_decay": 2e-3,
        "clip": 2.0,
    }
    assert changes.keys() == {field.name for field in fields(CONFIG)}
    found = [fingerprint(replace(CONFIG, **{name: value}), 0, "cpu") for name, value in changes.items()]
    found += [fingerprint(CONFIG, seed, device) for seed, device in ((0, "cpu"), (1, "cpu"), (0, "cuda"))]
    assert len(set(found)) == len(found) == 17
    names = {runs.run_name(replace(CONFIG, **{name: value}), 0) for name, value in changes.items()}
    assert len(names | {runs.run_name(CONFIG, 0)}) == 15


@pytest.fixture(scope="module")
def finished(data) -> runs.Run:
    return runs.train_run(CONFIG, 0, CPU)


def test_a_name_says_what_a_run_is(finished):
    name = "tworoom-40_inverse0.1_sigreg0.09_vit_2epochsx8_px28_layers2_depth2_of26_seed0"
    assert runs.run_name(CONFIG, 0) == name
    assert finished.weights.parent.name.startswith(f"{name}_")
    assert runs.run_name(VitConfig(), 4) == "tworoom_inverse0.1_vit_10epochsx256_seed4"


def test_a_finished_run_is_what_was_trained_read_back_from_half_precision(finished):
    trained, stored_weights = uninterrupted()[0], load_file(finished.weights)
    expected, found = trained.model.state_dict(), finished.model.state_dict()
    assert expected.keys() == found.keys() == stored_weights.keys()
    parameters = {name for name, _ in trained.model.named_parameters()}
    for name, tensor in expected.items():
        if name in parameters:
            assert stored_weights[name].dtype == torch.float16
            assert torch.equal(found[name], tensor.half().float()), name
        else:  # what a BatchNorm has averaged and counted
            assert stored_weights[name].dtype == tensor.dtype
            assert torch.equal(found[name], tensor), name
    for part in ("encoder", "forward_model"):
        assert found[f"{part}.projector.norm.num_batches_tracked"] == STEPS
    for name, losses in trained.losses.items():
        assert np.array_equal(finished.history[name], losses)
    assert not finished.model.training
    assert sorted(path.name for path in finished.weights.parent.iterdir()) == [
        "history.npz",
        "lock",
        "weights.safetensors",
    ]


def test_a_finished_run_is_opened_and_not_trained_again(finished, monkeypatch):
    monkeypatch.setattr(vit, "train", lambda *_, **__: pytest.fail("trained again"))
    opened, found = (runs.train_or_load(CONFIG, 0, CPU, recompute=recompute) for recompute in (False, True))
    assert_same_tensors(opened.model.state_dict(), finished.model.state_dict())
    assert found.seconds == opened.seconds == finished.seconds
    with pytest.raises(SMWMError, match=r"No trained weights for .*_depth3_of26_seed0 with the present code"):
        runs.load_run(replace(CONFIG, depth=3), 0, CPU)


def test_the_scale_of_actions_is_carried_along(finished, world, monkeypatch):
    monkeypatch.setattr(FrameSkip, "split", property(lambda self: pytest.fail("the episodes were asked for")))
    assert finished.world.scale is finished.world.known_scale
    for carried, expected in zip(finished.world.scale, uncached_scale(world), strict=True):
        torch.testing.assert_close(carried, expected)
    assert finished.world.image_size == 28


def uncached_scale(world: FrameSkip) -> tuple[Tensor, Tensor]:
    actions = world.__dict__["split"][0].action
    actions = actions[~actions.isnan().any(1)].repeat(1, 5)
    return actions.mean(0), actions.std(0)


def test_weights_of_another_depth_are_refused(finished):
    for change, layer in (({"depth": 3}, "forward_model.blocks.2"), ({"encoder_depth": 1}, "encoder.vit")):
        with pytest.raises(SMWMError, match=rf"belongs to another architecture: {layer}.* in the model\.$"):
            weights.load_weights(finished.weights, vit.build_model(replace(CONFIG, **change)))


def test_what_is_published_of_it_is_nothing(finished, data):
    runs.publish(finished)
    assert not (data / "checkpoints").exists()


def test_an_interrupted_run_goes_on(finished, elsewhere, monkeypatch):
    update = vit.Step.update

    def stop(self, done: int) -> None:
        if done == 4:
            raise KeyboardInterrupt
        update(self, done)

    assert runs.progress(CONFIG, 0, CPU) == 0
    with monkeypatch.context() as patch:
        patch.setattr(vit.Step, "update", stop)
        with pytest.raises(KeyboardInterrupt):
            runs.train_run(CONFIG, 0, CPU)
    assert runs.progress(CONFIG, 0, CPU) == 0.5  # after the first of two epochs
    continued = runs.train_run(CONFIG, 0, CPU)
    assert runs.progress(CONFIG, 0, CPU) == 1
    assert continued.weights != finished.weights
    assert_same_tensors(load_file(continued.weights), load_file(finished.weights))
    for name, losses in finished.history.items():
        assert np.array_equal(continued.history[name], losses)
    assert not list(elsewhere.rglob("progress.pt"))


def test_progress_that_is_not_of_such_a_run_is_refused(elsewhere):
    folder = runs._folder(CONFIG, 0, CPU)
    folder.mkdir(parents=True)
    for content in (uninterrupted()[1][0][:10_000], b""):
        (folder / "progress.pt").write_bytes(content)
        with pytest.raises(SMWMError, match=r"progress\.pt cannot be read \(.*delete it to start this run anew"):
            runs.train_run(CONFIG, 0, CPU)
    torch.save({"step": 1, "steps": 2, "seconds": 3.0}, folder / "progress.pt")
    with pytest.raises(SMWMError, match=r"progress\.pt is not the saved progress of a training \(Object missing"):
        runs.train_run(CONFIG, 0, CPU)


def test_weights_are_exported_and_imported(finished, elsewhere):
    checkpoints.publish(finished.weights, "some.safetensors")
    export.export("some", elsewhere / "export")
    model, run = export.imported(elsewhere / "export")
    assert_same_tensors(model.state_dict(), finished.model.state_dict())
    assert kinds.config_from(run.config, "an export") == CONFIG


def test_a_sweep_trains_what_is_missing(finished, monkeypatch):
    jobs = planned("fig5_planning", preset="paper_smoke", tasks=["tworoom"], methods=["smwm"], seeds=[0, 1])
    assert {config.world for config, _ in jobs} == {"tworoom/400"}
    small = [(replace(config, world="tworoom/40", windows=16, epochs=1), seed) for config, seed in jobs]
    assert sweep([*small, (CONFIG, 0)], CPU, workers=1) == 2
    assert all(runs.progress(*job, CPU) == 1 for job in small)
    monkeypatch.setattr(vit, "train", lambda *_, **__: pytest.fail("trained again"))
    assert sweep([*small, (CONFIG, 0)], CPU, workers=1) == 0
    one, other = (load_file(runs.load_run(*job, CPU).weights) for job in small)
    assert any(not torch.equal(one[name], other[name]) for name in one)


@pytest.mark.parametrize(("task", "weight"), [("tworoom", 0.1), ("pusht", 30)])
def test_the_preset_has_the_papers_values(task, weight):
    budget = get_preset("paper")
    config = budget.planner_config(task, budget.objectives(task)["smwm"])
    assert config.objective == Objective(inverse=weight)
    assert (config.learning_rate, config.weight_decay, config.clip) == (1e-4, 1e-3, 1.0)
    assert (config.batch_size, config.epochs, config.windows) == (256, 10, None)
    assert (config.image_size, config.patch_size, config.encoder_depth) == (224, 14, 12)
    assert (config.depth, config.history) == (6, 1)
    world = config.make_world()
    assert (world.frameskip, world.image_size, world.action_dim) == (5, 224, 10)
    assert (budget.seeds, budget.tasks, dict(budget.search)) == (5, 100, {})


def test_the_methods_of_every_task():
    for preset in ("paper", "paper_released", "paper_smoke"):
        budget = get_preset(preset)
        for task, weight in {"tworoom": 0.1, "reacher": 5, "pusht": 30, "cube": 1}.items():
            assert budget.objectives(task) == {
                "smwm": Objective(inverse=weight),
                "sigreg": Objective(inverse=0, sigreg=0.09),
                "forward_only": Objective(inverse=0),
            }
    assert get_preset("laptop").objectives("cube")["smwm"] == Objective(inverse=10)
    laptop, overnight = (get_preset(name).planner_config("tworoom", Objective()) for name in ("laptop", "overnight"))
    assert isinstance(laptop, ControlConfig)
    assert replace(laptop, steps=4 * laptop.steps) == overnight
    small = get_preset("paper_smoke").planner_config("tworoom", Objective())
    assert (small.world, small.image_size, small.encoder_depth, small.depth) == ("tworoom/400", 28, 2, 2)
    assert get_preset("paper").planner_config("pusht", Objective()).world == "pusht/20000"
