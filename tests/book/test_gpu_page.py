"""Claims about the page on GPUs.

1. Every command on it is one that the command line knows, and what it trains exists.
2. Its tables are what the committed measurements give: the floor is the larger of two times, the figures' runs are
   those of their sweeps, and everything estimated says so.
"""

import json
import re
import shlex
from dataclasses import replace

import pytest

from smwm_book import cli, paths
from smwm_book.experiments.plan import MACHINES, plan
from smwm_book.experiments.presets import get_preset
from smwm_book.experiments.resources import needs
from smwm_book.experiments.sweeps import planned
from smwm_book.tables import gpu_table
from smwm_core.losses.objective import Objective

PAGE = (paths.REPOSITORY / "book" / "gpu.md").read_text()
COMMANDS = re.findall(r"smwm ([^\n`#]+)", PAGE)


def test_every_command_is_known():
    assert len(COMMANDS) > 8
    for command in COMMANDS:
        words = shlex.split(command.replace("$task", "tworoom").replace("$seed", "0"))
        options = cli._parser().parse_args(words)
        assert callable(options.command)
        if preset := getattr(options, "preset", None):
            assert get_preset(preset).name == preset
        if tasks := getattr(options, "tasks", None):
            assert planned(options.notebook, preset=options.preset, tasks=tasks.split(","), seeds=[0])


def test_the_floor_is_the_larger_of_two_times():
    value = gpu_table.measured()[0][1]
    operations, moved = value["step.tflops_per_step"] / 989, value["step.gbytes_per_step"] / 3350
    assert gpu_table.floor_seconds() == pytest.approx(max(operations, moved))
    assert 0.005 < gpu_table.floor_seconds() < 0.02


def test_the_floor_of_a_toy_step_is_that_of_its_counts():
    counted = needs(get_preset("paper").config("dots/single", Objective(inverse=10)))
    floor = max(counted.flops / 494e12, counted.moved_bytes / 3.35e12)
    assert 5e-5 < floor < 2e-4
    rows = {line.split("`")[1]: line.split("|")[2:-1] for line in gpu_table.figures_table().splitlines()[2:]}
    assert float(rows["anticollapse_gallery"][2].removesuffix("\u00a0min ")) == round(10_248_000 * floor / 60)


def test_the_step_of_the_dot_world_stands_beside_its_floor(monkeypatch):
    ((origin, value), *_) = gpu_table.measured()
    with_toy = {**value, "toy.seconds": 0.0012, "toy.floor_seconds": 0.0001}
    monkeypatch.setattr(gpu_table, "measured", lambda: [(origin, with_toy), (origin, value)])
    rows = [[cell.strip() for cell in line.split("|")[1:-1]] for line in gpu_table.step_table().splitlines()]
    assert ["a step of the dot world", "0.0012\u00a0s", "not measured"] in rows
    assert ["its floor", "0.0001\u00a0s", "not measured"] in rows


def test_the_figures_have_the_runs_of_their_sweeps():
    rows = {line.split("`")[1]: line.split("|")[2:-1] for line in gpu_table.figures_table().splitlines()[2:]}
    assert int(rows["fig5_planning"][0]) == len(planned("fig5_planning", preset="paper")) == 60
    assert int(rows["fig7_lambda"][0]) == len(planned("fig7_lambda", preset="paper")) == 8
    steps = 15 * 10 * sum(windows // 256 for windows in gpu_table.WINDOWS.values())
    assert int(rows["fig5_planning"][1].replace(",", "")) == steps
    hours = float(rows["fig5_planning"][3].strip().removesuffix("\u00a0h"))
    assert hours == pytest.approx(3 * steps * gpu_table.floor_seconds() / 3600, abs=0.1)


def test_the_plan_has_every_run_once_and_the_times_of_each_machine():
    rows = [line.split("|")[1:-1] for line in gpu_table.plan_table().splitlines()[2:]]
    assert rows[0][0].strip() == "`fig2_dot_world`"
    jobs = plan(replace(get_preset("paper"), released=()), MACHINES["h100"])
    assert not any(job.obstacle for job in jobs)
    assert int(rows[-1][2]) == sum(int(row[2]) for row in rows[:-1]) == sum(job.config is not None for job in jobs)
    hours = [float(cell.strip().removesuffix("\u00a0h")) for cell in rows[-1][3:]]
    assert hours[0] == pytest.approx(sum(job.seconds for job in jobs) / 3600, abs=0.06)
    assert hours == sorted(hours)  # the H100, the T4, the card of a laptop


def test_a_measurement_on_a_gpu_comes_first(tmp_path, monkeypatch):
    content = json.loads(next(_measurements()).read_text())
    monkeypatch.setattr(paths, "REPOSITORY", tmp_path)
    folder = tmp_path / "data" / "results" / "benchmarks"
    folder.mkdir(parents=True)
    for kind, device in (("cpu-2-threads", "a processor"), ("gpu-nvidia-h100", "an H100")):
        content["provenance"]["device"] = device
        (folder / f"{kind}_paper_tworoom.json").write_text(json.dumps(content))
    assert [origin.device for origin, _ in gpu_table.measured()] == ["an H100", "a processor"]


def test_what_is_estimated_says_so():
    for name in ("step", "gpu", "run", "plan"):
        assert re.search(rf"<!-- {name}: .*? -->\n\|", PAGE), f"The table {name} is empty."
    assert "all of them estimates" in PAGE
    measured_on_gpu = any("cpu" not in path.name for path in _measurements())
    assert measured_on_gpu != ("nothing here was measured on a GPU yet" in PAGE)


def _measurements():
    return (paths.REPOSITORY / "data" / "results" / "benchmarks").glob("*_paper_tworoom.json")
