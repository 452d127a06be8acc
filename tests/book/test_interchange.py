"""Claims about weights for other programs.

1. What was exported, published or a run of this data folder, is imported again to the bit; what is damaged, foreign or
   in the way is refused in one sentence.
2. As a cost for stable-worldmodel's planners a model takes the documented shapes and gives what our own cost gives.
"""

import json
from dataclasses import replace

import pytest
import torch

from smwm_book.cli import main
from smwm_book.experiments import checkpoints
from smwm_book.experiments.export import export, imported
from smwm_book.experiments.presets import PLANNING_OBJECTIVES, get_preset
from smwm_book.experiments.runs import load_run, run_name, train_run
from smwm_core.errors import SMWMError
from smwm_core.losses.objective import Objective
from smwm_core.planning import PlannerCost, final_distance
from smwm_core.training.config import ToyConfig

NAME = "tworoom_inverse10_1600x64_seed0"


@pytest.fixture
def model():
    config = get_preset("laptop").config("tworoom", PLANNING_OBJECTIVES["smwm"])
    return load_run(config, 0, torch.device("cpu")).model


def test_what_was_exported_is_imported_again(tmp_path, model, capsys):
    assert main(["checkpoints", "export", NAME, str(tmp_path / "out")]) == 0
    found, run = imported(tmp_path / "out")
    assert run.config["world"] == "tworoom"
    assert len(run.action_scale[0]) == 10
    expected = model.state_dict()
    assert all(torch.equal(weight, expected[name]) for name, weight in found.state_dict().items())
    assert main(["checkpoints", "export", NAME, str(tmp_path / "out")]) == 2
    assert "exists; choose another folder" in capsys.readouterr().err


def test_published_weights_are_listed_and_verified(capsys):
    assert main(["checkpoints", "list"]) == 0
    assert NAME in capsys.readouterr().out
    assert main(["checkpoints", "verify"]) == 0
    assert f"All {len(checkpoints.read_manifest())} checkpoints are whole" in capsys.readouterr().out
    assert main(["checkpoints", "export", "nothing", "out"]) == 2
    assert "no checkpoint named 'nothing'" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("damage", "words"),
    [
        (lambda folder: (folder / "config.json").unlink(), "cannot be read"),
        (lambda folder: (folder / "config.json").write_text("{"), "is not valid JSON"),
        (lambda folder: (folder / "config.json").write_text("{}"), "is not the configuration of an export"),
        (lambda folder: (folder / "weights.safetensors").unlink(), "There is no checkpoint"),
        (lambda folder: (folder / "weights.safetensors").write_bytes(b"x" * 100), "not a complete safetensors file"),
    ],
)
def test_a_broken_export_is_refused(tmp_path, damage, words):
    export(NAME, tmp_path)
    damage(tmp_path)
    with pytest.raises(SMWMError, match=words) as refusal:
        imported(tmp_path)
    assert "\n" not in str(refusal.value)


@pytest.mark.parametrize(
    ("change", "words"),
    [({"seed": 7}, "describes another run"), ({"latent_dim": 8}, "belongs to another architecture")],
)
def test_a_config_of_another_run_is_refused(tmp_path, change, words):
    export(NAME, tmp_path)
    run = json.loads((tmp_path / "config.json").read_text())
    run["config"] |= {key: value for key, value in change.items() if key in run["config"]}
    run |= {key: value for key, value in change.items() if key in run}
    (tmp_path / "config.json").write_text(json.dumps(run))
    with pytest.raises(SMWMError, match=words):
        imported(tmp_path)


def test_the_cost_is_that_of_our_planner(model):
    source = torch.Generator().manual_seed(0)
    frames = torch.rand(2, 2, 3, 64, 64, generator=source)  # now and goal of two tasks
    candidates = torch.randn(2, 7, 5, 10, generator=source)
    pixels, goal = (frames[which][:, None, None].expand(-1, 7, 1, -1, -1, -1) for which in (0, 1))
    cost = PlannerCost(model).get_cost({"pixels": pixels, "goal": goal}, candidates)
    assert cost.shape == (2, 7)
    expected = final_distance(model)(model.encode(frames[0]), model.encode(frames[1]), candidates)
    assert torch.allclose(cost, expected, rtol=1e-5)
    larger = {"pixels": pixels.repeat_interleave(2, -1).repeat_interleave(2, -2), "goal": goal}
    assert torch.allclose(PlannerCost(model).get_cost(larger, candidates), expected, rtol=1e-3)


@pytest.mark.parametrize("wrong", ["missing", "dimensions", "samples"])
def test_frames_of_another_shape_are_refused(model, wrong):
    frames = torch.zeros(2, 7, 1, 3, 64, 64)
    goal = {"dimensions": frames[:, :, 0], "samples": frames[:, :3]}
    info = {"pixels": frames} if wrong == "missing" else {"pixels": frames, "goal": goal[wrong]}
    with pytest.raises(SMWMError, match=r"need 'goal' of shape \(B, S, T, 3, H, W\); it is"):
        PlannerCost(model).get_cost(info, torch.zeros(2, 7, 5, 10))


@pytest.mark.parametrize("kind", ["toy", "control"])
def test_a_run_that_was_finished_here_is_exported_too(tmp_path, monkeypatch, kind):
    monkeypatch.setenv("SMWM_DATA", str(tmp_path))
    config = ToyConfig(steps=2, batch_size=8, transitions=16, latent_dim=8)
    if kind == "control":
        tiny = get_preset("paper_smoke").planner_config("tworoom", Objective(inverse=0.1))
        config = replace(tiny, world="tworoom/20", epochs=1)
    run = train_run(config, 3, torch.device("cpu"))
    export(run_name(config, 3), tmp_path / "out")
    model, description = imported(tmp_path / "out")
    assert description.seed == 3
    assert all(torch.equal(w, run.model.state_dict()[name]) for name, w in model.state_dict().items())
    if kind == "control":  # the planners' cost averages larger frames down to what the encoder reads
        frames, actions = torch.rand(2, 1, 1, 3, 56, 56), torch.zeros(1, 3, 5, 10)
        info = {
            name: frame[None].expand(1, 3, 1, 3, 56, 56) for name, frame in zip(("pixels", "goal"), frames, strict=True)
        }
        z, z_goal = (model.encode(torch.nn.functional.avg_pool2d(frame[0], 2)) for frame in frames)
        torch.testing.assert_close(
            PlannerCost(model).get_cost(info, actions), final_distance(model)(z, z_goal, actions)
        )
    with pytest.raises(SMWMError, match="no checkpoint named 'another'"):
        export("another", tmp_path / "elsewhere")
