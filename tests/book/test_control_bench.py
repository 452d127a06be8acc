"""Claims about the measurement of a step.

1. Times are those of a step and of its parts, in their order, as the clock shows them; ratios and shares follow.
2. A real measurement has every metric, all positive, and its counts are those of ``needs``.
3. A step of the toy worlds stands beside its floor, the larger of two times.
4. The command prints it in a sentence and writes a result file; a wrong task, preset, device or number is one sentence.
"""

import json
from dataclasses import replace

import pytest
import torch

from smwm_book import cli
from smwm_book.bench import step as bench
from smwm_book.bench import toy_step
from smwm_book.experiments.presets import get_preset
from smwm_book.experiments.resources import Needs, needs
from smwm_core.losses.objective import Objective
from smwm_core.training.config import ToyConfig
from smwm_core.training.loop import Step

CPU = torch.device("cpu")
SPENT = dict(zip(bench.PARTS, (1.0, 2.0, 4.0, 8.0, 16.0), strict=True))


@pytest.fixture
def config(tmp_path, monkeypatch):
    monkeypatch.setenv("SMWM_DATA", str(tmp_path))
    budget = get_preset("paper_smoke")
    return replace(budget.planner_config("tworoom", budget.objectives("tworoom")["smwm"]), world="tworoom/40")


def measured(config, **numbers) -> dict[str, list[float]]:
    return bench.measure(config, {"samples": 20, "iterations": 2, "elites": 4}, CPU, **numbers)


def test_the_parts_of_a_step_get_the_time_that_they_take(config, monkeypatch):
    now = [0.0]

    def spend(part: str) -> None:
        now[0] += SPENT[part]

    class Loss:
        def backward(self):
            spend("backward")

    def feed(*_):
        while True:
            spend("input")
            yield torch.zeros(1), torch.zeros(1)

    needs(config)  # counted, and remembered, with the real parts
    monkeypatch.setattr(bench, "feed", feed)
    monkeypatch.setattr(bench.Clock, "now", lambda clock: now[0])
    monkeypatch.setattr(bench, "matmul_flops_per_s", lambda *_: 2e12)
    monkeypatch.setattr(bench, "copy_bytes_per_s", lambda clock: 5e9)
    monkeypatch.setattr(Step, "encode", lambda step, frames: spend("encode") or (0, 0))
    monkeypatch.setattr(Step, "losses", lambda step, *_: spend("losses") or {"loss": Loss()})
    monkeypatch.setattr(Step, "update", lambda step, done: spend("update"))
    found, counted = measured(config, steps=3, repeats=2), needs(config)
    assert found["step.seconds"] == [31, 31]
    for part, seconds in SPENT.items():
        assert found[f"{part}.seconds"] == [seconds] * 2
        assert found[f"{part}.share"] == [seconds / 31] * 2
    assert found["step.sum_of_parts_ratio"] == [1, 1]
    assert found["step.images_per_s"][0] == pytest.approx(2 * config.batch_size / 31)
    assert found["step.matmul_share"][0] == pytest.approx(counted.flops / 31 / 2e12)
    assert (
        found["floor.seconds"][0] == max(counted.flops / 2e12, counted.moved_bytes / 5e9) == counted.moved_bytes / 5e9
    )
    assert found["step.over_floor_ratio"][0] == pytest.approx(31 / found["floor.seconds"][0])
    assert found["run.seconds"][0] == 31 * config.epochs * (config.windows // config.batch_size)


def test_a_step_that_stalls_between_its_parts_is_seen(config, monkeypatch):
    """What is spent outside of the marks would be missing in the sum, so the ratio is a check that can fail."""
    now, calls = [0.0], [0]

    def clock(_):
        calls[0] += 1
        now[0] += 1.0
        return now[0]

    monkeypatch.setattr(bench.Clock, "now", clock)
    found = measured(config, steps=1, repeats=1)
    assert found["step.seconds"] == [1]
    assert found["step.sum_of_parts_ratio"] == [len(bench.PARTS)]


def test_a_toy_step_stands_beside_its_floor(monkeypatch):
    config, counted = ToyConfig(batch_size=4), Needs(100, 6 * 10**9, kept_bytes=1_000, frame_bytes=600)
    monkeypatch.setattr(toy_step, "needs", lambda asked: counted if asked is config else None)
    monkeypatch.setattr(toy_step, "seconds_per_step", lambda asked, device: 12.0 if asked is config else None)
    rates = {"float32": 2e9}
    monkeypatch.setattr(toy_step, "matmul_flops_per_s", lambda clock, precision: rates[precision])
    monkeypatch.setattr(toy_step, "copy_bytes_per_s", lambda clock: 6_400.0)
    found = toy_step.measure_toy(config, CPU, repeats=2)
    assert found == {
        "toy.seconds": [12.0] * 2,
        "toy.floor_seconds": [3.0] * 2,  # 6 Gflop at 2 Gflop/s; twice 1,600 bytes and 32 per parameter take 1 s
        "toy.over_floor_ratio": [4.0] * 2,
        "toy.tflops_per_step": [6e-3],
        "toy.gbytes_per_step": [6.4e-6],
    }
    rates["float32"] = 1e11
    assert toy_step.measure_toy(config, CPU, repeats=1)["toy.floor_seconds"] == [1.0]


def test_the_rate_of_float32_is_that_of_tf32_and_what_a_caller_chose_stays(monkeypatch):
    products, seen = torch.backends.cuda.matmul, []
    usual = products.fp32_precision
    monkeypatch.setattr(bench.Clock, "seconds", lambda clock, work: seen.append(products.fp32_precision) or 1.0)
    assert bench.matmul_flops_per_s(bench.Clock(CPU), "float32") == 2 * 1536**3
    assert set(seen) == {"tf32"}
    assert products.fp32_precision == usual


def test_the_command_measures_prints_and_writes(config, tmp_path, capsys):
    asked = ["bench", "--preset", "paper_smoke", "--device", "cpu", "--steps", "2", "--repeats", "2"]
    assert cli.main(asked) == 0
    printed = capsys.readouterr().out
    assert "A step takes" in printed
    assert "the parts add up to" in printed
    assert "A step of the dot world takes" in printed
    (path,) = (tmp_path / "results" / "benchmarks").glob("*_paper_smoke_tworoom.json")
    content = json.loads(path.read_text())
    metrics = {metric["name"]: metric for metric in content["metrics"]}
    assert all(metric["value"] > 0 for metric in metrics.values())
    assert metrics["step.tflops_per_step"]["value"] == needs(config).flops / 1e12
    assert metrics["step.seconds"]["unit"] == "s"
    assert metrics["step.seconds"]["n"] == 2
    dots = get_preset("paper_smoke").config("dots/single", Objective(inverse=10))
    assert metrics["toy.tflops_per_step"]["value"] == needs(dots).flops / 1e12
    assert metrics["toy.floor_seconds"]["unit"] == "s"
    assert sum(metrics[f"{part}.share"]["value"] for part in bench.PARTS) == pytest.approx(1, abs=0.2)  # of medians
    words = "smwm bench --task tworoom --preset paper_smoke --device cpu --steps 2 --repeats 2"
    assert content["provenance"]["command"] == words


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (["--task", "chess"], "no planning task named 'chess'"),
        (["--preset", "laptop"], "The preset laptop trains no vision transformer; `make bench` measures small models."),
        (["--preset", "huge"], "no preset named 'huge'"),
        (["--preset", "paper_smoke", "--steps", "0"], "at least one step and one repeat, not 0 and 5"),
        (["--preset", "paper_smoke", "--repeats", "0"], "at least one step and one repeat, not 20 and 0"),
        (["--device", "tpu"], "no device named 'tpu'"),
    ],
)
def test_what_cannot_be_measured_is_one_sentence(config, capsys, options, words):
    assert cli.main(["bench", *options]) == 2
    error = capsys.readouterr().err
    assert words in error
    assert error.count("\n") == 1


@pytest.mark.skipif(torch.cuda.is_available(), reason="there is a GPU")
def test_a_gpu_that_is_not_there_is_one_sentence(config, capsys):
    assert cli.main(["bench", "--preset", "paper_smoke", "--device", "cuda"]) == 2
    assert "torch sees 0 CUDA devices" in capsys.readouterr().err


def test_too_little_memory_is_one_sentence_with_both_numbers(config, capsys, monkeypatch):
    monkeypatch.setattr("smwm_book.experiments.resources.free_memory", lambda device: 50_000_000)
    assert cli.main(["bench", "--preset", "paper_smoke", "--device", "cpu"]) == 2
    error = capsys.readouterr().err
    assert "needs at least 0.1 GB of memory" in error
    assert "but cpu has 0.1 GB free" in error
