"""Claims about reproducing the paper as far as the time goes.

1. The plan's runs are those behind the committed results; shared runs come once, in order of what they tell per second.
2. Times and memory are arithmetic on the machine's numbers, those of recording episodes and drawing frames too, which
   come once and first; what cannot be done says why.
3. However often it is interrupted, and wherever a budget ends, the runs end with the same bits as those of one sitting.
4. A page is made when its runs are there and there is time for it, and never again.
5. A wrong budget, too little time, a processor for a GPU's preset, a driver that is too old and a card that is lost
   are one sentence; the table is printed always, and what is finished is kept.
"""

import json
import random
import warnings
from dataclasses import replace
from types import SimpleNamespace

import pytest
import torch
from safetensors.torch import load_file

from smwm_book import cli, paths
from smwm_book.experiments import plan as planning
from smwm_book.experiments import reproduce as module
from smwm_book.experiments import runs
from smwm_book.experiments.plan import (
    DRAWN_PER_CORE,
    FIGURES,
    MACHINES,
    PAGE_SECONDS,
    RECORDED_PER_CORE,
    STAGES,
    TOY_STEP,
    Job,
    Machine,
    plan,
    steps,
    table,
)
from smwm_book.experiments.presets import get_preset
from smwm_book.experiments.provenance import provenance
from smwm_book.experiments.reproduce import (
    SAVING,
    carry_out,
    done,
    episodes_per_second,
    frames_per_second,
    parse_duration,
    reproduce,
    seconds_per_step,
)
from smwm_book.experiments.resources import Needs, needs, parts_that_fit
from smwm_book.experiments.results import Results, save_results
from smwm_book.experiments.runs import run_name
from smwm_core.errors import SMWMError
from smwm_core.training import control, toy, vit
from smwm_core.training.config import ToyConfig
from smwm_core.training.loop import Paused, Step

CPU = torch.device("cpu")
PAPER = get_preset("paper")
TINY = replace(get_preset("paper_smoke"), episodes={"tworoom": 40}, exceptions={"dots/single": {"transitions": 128}})
FEW = (("fig2_dot_world", 1, 3.0), ("fig9_horizon", 1, 2.0), ("fig2_dot_world", 2, 1.0))
TOY_COUNTED = Needs(400_000, 30 * 10**9, 120_000_000, 25_000_000)
COUNTED = Needs(18_000_000, 5 * 10**12, 12_500_000_000, 300_000_000, 12_400_000_000, 512)


class Ticks:
    """A clock that shows a second more at every look."""

    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        self.now += 1
        return self.now


@pytest.fixture
def data(tmp_path, monkeypatch):
    monkeypatch.setenv("SMWM_DATA", str(tmp_path))
    monkeypatch.setattr(module, "plan", lambda *given: plan(*given, FEW))
    monkeypatch.setattr(planning, "PAGE_SECONDS", 2.0)
    monkeypatch.setattr(torch.multiprocessing, "cpu_count", lambda: 1)  # records in this process
    for trainer in (toy, vit, control):
        monkeypatch.setitem(trainer.train.__kwdefaults__, "save_every_seconds", 0.0)
    return tmp_path


@pytest.fixture
def counted(monkeypatch):
    """The paper's size without counting it, which takes a while."""
    monkeypatch.setattr(planning, "needs", lambda config, *_: TOY_COUNTED if config.kind == "toy" else COUNTED)


class Pages(list):
    """Pages that leave a result file and nothing else."""

    def __call__(self, figure: str, seeds: int) -> None:
        self.append((figure, seeds))
        origin = provenance(torch.device("cpu"), f"smwm run {figure}", 0.0)
        save_results(Results(figure, "", "paper_smoke", list(range(seeds)), [], origin, {}, {}))


def weights(folder) -> dict[str, dict[str, torch.Tensor]]:
    return {path.parent.name: load_file(path) for path in folder.glob("cache/runs/*/weights.safetensors")}


@pytest.fixture(scope="module")
def in_one_sitting(tmp_path_factory):
    folder = tmp_path_factory.mktemp("whole")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("SMWM_DATA", str(folder))
        patch.setattr(module, "plan", lambda *given: plan(*given, FEW))
        patch.setattr(torch.multiprocessing, "cpu_count", lambda: 1)
        said = reproduce(TINY, CPU, Pages())
    assert "10 of 10 runs and pages are done; the rest takes about 0 s" in said
    return weights(folder)


@pytest.mark.parametrize("figure", [name for name, figure in FIGURES.items() if not figure.tasks])
def test_the_runs_of_the_plan_are_those_behind_the_committed_results(figure):
    preset = get_preset("laptop")
    stored = json.loads((paths.REPOSITORY / "data" / "results" / figure / "laptop.json").read_text())
    mine = {run_name(config, seed) for seed in stored["seeds"] for config in FIGURES[figure].configs(preset, seed)}
    assert mine == set(stored["runs"])


def test_what_figures_share_comes_once_and_before_its_pages(counted):
    jobs = plan(PAPER, MACHINES["h100"])
    trained = [(job.config, job.seed) for job in jobs if job.config]
    assert len(trained) == len(set(trained))
    whole = {(config, seed) for figure in FIGURES.values() for seed in range(int(min(5, figure.seeds)))
             for config in figure.configs(PAPER, seed)}  # fmt: skip
    assert set(trained) == whole
    there = set()
    for job in jobs:
        if job.config:
            there.add((job.config, job.seed))
        elif not job.world:
            assert there >= {(c, s) for s in range(job.seeds) for c in FIGURES[job.figure].configs(PAPER, s)}


def stage_order(machine: Machine) -> list[tuple[str, int]]:
    return list(dict.fromkeys((job.figure, job.seeds) for job in plan(PAPER, machine)))


def test_the_order_is_that_of_what_is_told_per_second(counted):
    fast, slow = stage_order(MACHINES["h100"]), stage_order(MACHINES["t4"])
    assert fast[:3] == [("fig2_dot_world", 1), ("fig9_horizon", 1), ("fig2_dot_world", 3)]
    assert slow.index(("fig2_dot_world", 3)) < slow.index(("fig9_horizon", 1))  # hours on a T4, minutes on an H100
    assert fast[-1][1] == slow[-1][1] == 5
    assert {(name, seeds) for name, seeds, _ in STAGES} == set(fast) == set(slow)


def test_times_are_steps_times_seconds(counted):
    machine = MACHINES["h100"]
    jobs = {job.name: job for job in plan(PAPER, machine)}
    dot = jobs["dots-single_inverse10_97600x256_seed0"]
    assert dot.seconds == pytest.approx(97_600 * TOY_STEP)
    assert dot.least == TOY_STEP
    rooms = jobs["tworoom_inverse0.1_vit_10epochsx256_seed0"]
    floor = max(COUNTED.flops / 989e12, COUNTED.moved_bytes / 3.35e12)
    assert steps(rooms.config) == 10 * (791_154 // 256)
    assert rooms.seconds == pytest.approx(30_900 * 3 * floor)
    assert rooms.memory == COUNTED.memory_bytes
    assert jobs["the page fig9_horizon"].seconds == PAGE_SECONDS
    assert jobs["the page fig9_horizon"].memory == rooms.memory
    known = {job.name: job for job in plan(PAPER, replace(machine, step={"toy": 0.25, "vit": 0.5}))}
    assert known[dot.name].seconds == 97_600 / 4
    assert known[rooms.name].seconds == 30_900 / 2


def test_data_is_made_once_and_before_the_runs_that_need_it(counted):
    rates = {"recorded_per_s": {"cube/drawn": 2.0}, "drawn_per_s": {"reacher/drawn": 100.0}}
    machine = replace(MACHINES["h100"], cores=4, **rates)
    jobs = plan(PAPER, machine)
    names = [job.name for job in jobs]
    made = {(job.world, job.data): job for job in jobs if job.world}
    episodes = {world: job.amount for (world, data), job in made.items() if data == "episodes"}
    assert episodes == {"tworoom": 10_000, "pusht/20000": 20_000, "reacher/drawn": 10_000, "cube/drawn": 10_000}
    frames = 9_000 * 201  # nine of ten episodes
    assert {job.amount for job in made.values() if job.data == "frames"} == {frames}
    reacher, cube = (made[f"{task}/drawn", "frames"] for task in ("reacher", "cube"))
    assert reacher.seconds == frames / 100
    assert reacher.least == 2 * 1_000 * 4 / 100  # two files for each core
    assert cube.seconds == frames / (4 * DRAWN_PER_CORE["cube"])
    assert made["cube/drawn", "episodes"].seconds == 10_000 / 2
    assert made["cube/drawn", "episodes"].least == 2 * 20 * 4 / 2
    assert made["pusht/20000", "episodes"].seconds == 20_000 / (4 * RECORDED_PER_CORE["pusht"])
    for (world, data), job in made.items():
        runs = [number for number, job in enumerate(jobs) if job.config and job.config.world == world]
        assert len(runs) >= 15
        assert names.index(job.name) < runs[0]
        assert data == "episodes" or names.index(f"the episodes of {world}") < names.index(job.name)
    said = table(jobs, [0.5 if job.world else 0.0 for job in jobs], machine)
    assert "draws the frames of reacher/drawn, 1,809,000 at 100 a second: 2.5 h." in said
    assert "draws the frames of cube/drawn, 1,809,000 at 21 a second, estimated: 11.9 h." in said
    assert "fig5_planning first records the episodes of cube/drawn, 10,000 at 2 a second: 42 min." in said
    assert "fig9_horizon first records the episodes of tworoom, 10,000 at 6,000 a second, estimated: 1 s." in said
    assert f"0 of {len(jobs) - 6} runs and pages are done" in said
    fig5 = sum(job.seconds for job in jobs if (job.figure, job.seeds) == ("fig5_planning", 1))
    without = sum(job.seconds for job in plan(PAPER, replace(machine, cores=10**9, recorded_per_s={}, drawn_per_s={}))
                  if (job.figure, job.seeds) == ("fig5_planning", 1))  # fmt: skip
    first = sum(job.seconds for (world, _), job in made.items() if world != "tworoom")  # that comes with fig9_horizon
    assert fig5 == pytest.approx(without + first, rel=1e-6)


def test_released_episodes_are_not_recorded_and_others_have_their_own_rate(counted, monkeypatch):
    monkeypatch.setattr(planning, "steps", lambda config: 1)
    assert not any(job.world for job in plan(get_preset("paper_released"), MACHINES["h100"]))
    usual, pose = (MACHINES["t4"].recording_rate(world) for world in ("pusht/20000", "pusht/pose/4000"))
    assert (usual, pose) == (2 * RECORDED_PER_CORE["pusht"], 2 * RECORDED_PER_CORE["pusht/pose"])


def test_episodes_are_recorded_as_far_as_the_time_goes_and_their_runs_wait(data, monkeypatch):
    clock, trained = Ticks(), []
    config = replace(TINY.planner_config("tworoom", TINY.objectives("tworoom")["smwm"]), world="tworoom/60")
    episodes = Job("fig9_horizon", 1, None, 0, 4.0, 1.0, 0.0, world="tworoom/60", data="episodes", amount=60)
    run = Job("fig9_horizon", 1, config, 0, 5.0, 1.0, 0.0)
    monkeypatch.setattr(module, "train_run", lambda *given, **_: trained.append(given))
    carry_out([episodes, run], TINY, CPU, Pages(), end=clock() + SAVING + 4, clock=clock)
    assert done(episodes, TINY, CPU) == 1 / 3
    carry_out([episodes, run], TINY, CPU, Pages(), end=clock() + SAVING, clock=clock)  # too late to begin
    assert done(episodes, TINY, CPU) == 1 / 3
    assert not trained
    carry_out([episodes, run], TINY, CPU, Pages(), end=clock() + 1_000, clock=clock)
    assert done(episodes, TINY, CPU) == 1
    assert len(trained) == 1


def test_a_plan_needs_no_package_that_draws(data, monkeypatch):
    monkeypatch.setattr(module, "make_world", lambda name: raising(SMWMError("Reacher needs mujoco.")))
    frames = Job("fig5_planning", 1, None, 0, 40.0, 10.0, 0.0, world="reacher/drawn", data="frames", amount=4)
    assert done(frames, TINY, CPU) == 0


class Drawing:
    """A world of four files of frames, each of which takes ten looks at a clock to draw."""

    def __init__(self, clock: Ticks) -> None:
        self.clock, self.files = clock, 0

    def share_drawn(self) -> float:
        return self.files / 4

    def draw(self, pause) -> None:
        while self.files < 4 and not pause():
            self.files += 1
            self.clock.now += 10


def test_frames_are_drawn_as_far_as_the_time_goes_and_their_runs_wait(data, monkeypatch):
    clock, trained = Ticks(), []
    world = Drawing(clock)
    config = replace(TINY.planner_config("reacher", TINY.objectives("reacher")["smwm"]), world="reacher/drawn/20")
    frames = Job("fig5_planning", 1, None, 0, 40.0, 10.0, 0.0, world="reacher/drawn/20", data="frames", amount=4)
    run = Job("fig5_planning", 1, config, 0, 5.0, 1.0, 0.0)
    monkeypatch.setattr(module, "make_world", lambda name: world if name == "reacher/drawn/20" else None)
    monkeypatch.setattr(module, "_trained", lambda *_: 0.0)
    monkeypatch.setattr(module, "train_run", lambda *given, **_: trained.append(given))
    carry_out([frames, run], TINY, CPU, Pages(), end=clock() + 45, clock=clock)
    assert 0 < world.files < 4
    assert done(frames, TINY, CPU) == world.files / 4
    assert not trained
    carry_out([frames, run], TINY, CPU, Pages(), end=clock() + 1_000, clock=clock)
    assert world.files == 4
    assert len(trained) == 1


def test_drawing_is_measured_on_all_cores_over_the_second_twenty_frames_of_each(monkeypatch):
    clock, states = Ticks(), torch.arange(201.0)[:, None]
    drawn = []

    class Timed:
        simulator = SimpleNamespace(collect=lambda count, draws: (states[None], None, None))

        def draw_parts(self, parts):
            assert all(path.parent.is_dir() for path in parts)
            drawn.append([some.flatten().tolist() for some in parts.values()])
            clock.now += 3

    monkeypatch.setattr(module, "make_world", lambda name: Timed())
    monkeypatch.setattr(torch.multiprocessing, "cpu_count", lambda: 8)
    assert frames_per_second("reacher/drawn", clock) == 8 * 20 / 4  # the look itself takes a second
    assert drawn == [8 * [list(range(20))]] * 2


def test_recording_is_measured_on_all_cores_and_leaves_nothing(data, monkeypatch):
    made, collect_parts = [], module.collect_parts
    monkeypatch.setattr(
        module, "collect_parts", lambda *given, **how: made.append(given) or collect_parts(*given, **how)
    )
    assert episodes_per_second("tworoom/40", Ticks()) == 20
    assert [(name, list(numbers.values())) for _, name, numbers in made] == [("tworoom", [0])] * 2
    assert not any(path.exists() for *_, numbers in made for path in numbers)
    assert not list(data.rglob("*"))


@pytest.mark.parametrize(
    ("float32_flops", "bytes_per_s", "step"),
    [(1e12, 1e15, 3 * 30e-3), (1e15, 3.028e9, 3 * 0.1), (1e15, 1e15, TOY_STEP)],  # 302.8 MB: written, read, updated
)
def test_a_toy_step_takes_three_times_its_floor_and_a_millisecond_at_least(counted, float32_flops, bytes_per_s, step):
    machine = Machine("a card", 72e9, flops=1e14, bytes_per_s=bytes_per_s, float32_flops=float32_flops)
    (job,) = [job for job in plan(PAPER, machine) if job.name == "dots-single_inverse10_97600x256_seed0"]
    assert job.seconds == pytest.approx(97_600 * step)
    assert job.least == pytest.approx(step)


@pytest.mark.parametrize(("gigabytes", "parts"), [(72, 1), (14.4, 2), (7.2, 4), (1.0, None)])
def test_a_batch_is_recomputed_in_as_few_parts_as_fit(counted, gigabytes, parts):
    assert parts_that_fit(COUNTED, gigabytes * 1e9) == parts
    machine = Machine("a card", gigabytes * 1e9, flops=1e14, bytes_per_s=1e12, float32_flops=1e13)
    (job,) = [job for job in plan(PAPER, machine) if job.name == "tworoom_inverse0.1_vit_10epochsx256_seed0"]
    if parts is None:
        least = COUNTED.memory(512) / 1e9
        assert job.obstacle == f"it needs {least:.1f} GB of memory, and 1.0 GB are there"
        assert [job.obstacle for job in plan(PAPER, machine) if job.name == "the page fig9_horizon"] == [job.obstacle]
        return
    assert not job.obstacle
    assert job.memory == COUNTED.memory(parts) <= gigabytes * 1e9
    assert job.seconds == pytest.approx(30_900 * 3 * machine.floor(COUNTED) * (1 if parts == 1 else 4 / 3))


def test_what_the_transformer_keeps_is_most_of_what_a_step_keeps():
    found = needs(TINY.planner_config("tworoom", TINY.objectives("tworoom")["smwm"]))
    assert 0.3 * found.kept_bytes < found.recomputable_bytes < found.kept_bytes
    assert found.batch_frames == 32
    assert found.memory(1) == found.memory_bytes > found.memory(2) > found.memory(4)


def test_the_table_says_what_is_done_what_is_next_and_how_long_the_rest_takes(counted):
    machine = replace(MACHINES["t4"], step={"toy": 1e-3, "vit": 1.0})
    jobs = plan(PAPER, machine)
    shares = [1.0 if (job.figure, job.seeds) == ("fig2_dot_world", 1) else 0.0 for job in jobs]
    shares[3] = 0.5
    lines = table(jobs, shares, machine).splitlines()
    assert lines[1].split()[:5] == ["fig2_dot_world", "1", "2", "of", "2"]
    assert lines[1].endswith("done")
    assert lines[2].endswith("begun")
    assert lines[3].endswith("next")
    left = sum(job.seconds * (1 - share) for job, share in zip(jobs, shares, strict=True) if not job.obstacle)
    rest = f"{left / 3600:,.1f} h on NVIDIA T4, 16 GB, by steps measured here."
    assert (
        lines[-1] == f"3 of {sum(not job.world for job in jobs)} runs and pages are done; the rest takes about {rest}"
    )
    assert not any("waits" in line for line in lines)  # nothing has to be downloaded


@pytest.mark.parametrize("luck", range(2))
def test_interruptions_anywhere_change_nothing(data, in_one_sitting, monkeypatch, luck):
    chance, update, pages = random.Random(luck), Step.update, Pages()

    def failing(step, number):
        update(step, number)
        if chance.random() < 0.05:
            raise KeyboardInterrupt

    monkeypatch.setattr(Step, "update", failing)
    monkeypatch.setattr(module, "seconds_per_step", lambda *_: 0.01)
    interruptions = 0
    while True:
        try:
            reproduce(TINY, CPU, pages)
            break
        except KeyboardInterrupt:
            interruptions += 1
    assert interruptions
    assert sorted(pages) == [("fig2_dot_world", 1), ("fig2_dot_world", 2), ("fig9_horizon", 1)]
    assert_same(weights(data), in_one_sitting)


@pytest.mark.parametrize("seconds", [17, 41])
def test_budgets_that_end_in_the_middle_of_a_run_change_nothing(data, in_one_sitting, monkeypatch, seconds):
    monkeypatch.setattr(module, "seconds_per_step", lambda *_: 0.01)
    pages, sittings, said = Pages(), 0, ""
    while "the rest takes about 0 s" not in said:
        clock = Ticks()
        said = reproduce(TINY, CPU, pages, seconds=seconds, clock=clock)
        assert clock.now <= seconds + 10  # every job that is passed over looks at it once
        sittings += 1
    assert sittings > 100 / seconds
    assert sorted(pages) == [("fig2_dot_world", 1), ("fig2_dot_world", 2), ("fig9_horizon", 1)]
    assert_same(weights(data), in_one_sitting)


def assert_same(found: dict, expected: dict) -> None:
    assert found.keys() == expected.keys()
    for name, tensors in expected.items():
        assert all(torch.equal(found[name][key], tensor) for key, tensor in tensors.items()), name


def test_a_page_waits_for_its_runs_and_for_its_time(data, monkeypatch):
    monkeypatch.setattr(module, "seconds_per_step", lambda *_: 0.01)
    monkeypatch.setattr(planning, "PAGE_SECONDS", 1_000.0)
    pages = Pages()
    said = reproduce(TINY, CPU, pages, seconds=500, clock=Ticks())
    assert not pages
    assert "7 of 10 runs and pages are done" in said
    reproduce(TINY, CPU, pages)
    assert len(pages) == 3
    assert done(plan(TINY, Machine("here", 1e12, {"toy": 1.0, "vit": 1.0}), FEW)[2], TINY, CPU) == 1
    reproduce(TINY, CPU, pages)
    assert len(pages) == 3


@pytest.mark.parametrize("failure", [SMWMError("The page is broken."), OSError(28, "No space left on device")])
def test_a_failure_prints_the_table_first_and_keeps_what_is_finished(data, monkeypatch, capsys, failure):
    monkeypatch.setattr(module, "seconds_per_step", lambda *_: 0.01)

    def refuse(figure: str, seeds: int) -> None:
        raise failure

    with pytest.raises(type(failure), match=r"The page is broken\.|No space left on device"):
        reproduce(TINY, CPU, refuse)
    assert "2 of 10 runs and pages are done" in capsys.readouterr().out
    assert len(weights(data)) == 2


def test_a_card_that_is_lost_is_one_sentence_and_what_is_finished_is_kept(data, in_one_sitting, monkeypatch, capsys):
    monkeypatch.setattr(module, "seconds_per_step", lambda *_: 0.01)
    lost, update, pages = torch.AcceleratorError("CUDA error: device lost\nCompile with"), Step.update, Pages()

    def failing(step, number):
        if list(data.glob("cache/runs/tworoom-*")) and number == 3:
            raise lost
        update(step, number)

    with monkeypatch.context() as patch:
        patch.setattr(Step, "update", failing)
        with pytest.raises(
            SMWMError, match=r"^The GPU was lost in tworoom-40_.*_seed0 \(CUDA error: device lost\); .*\.$"
        ):
            reproduce(TINY, CPU, pages)
    printed = capsys.readouterr().out
    assert "3 of 10 runs and pages are done" in printed
    assert "begun" in printed
    with monkeypatch.context() as patch:  # it does not come back
        patch.setattr(module, "free_memory", lambda device: raising(lost))
        with pytest.raises(
            SMWMError, match=r"lost in measuring the machine \(CUDA error: device lost\); what was saved"
        ):
            reproduce(TINY, CPU, pages)
    reproduce(TINY, CPU, pages)
    assert_same(weights(data), in_one_sitting)


def raising(error: Exception) -> None:
    raise error


def test_steps_are_measured_over_the_second_twenty(data):
    clock = Ticks()
    looks = []

    def slow_at_first() -> float:
        looks.append(clock.now)
        clock.now += 100.0 if len(looks) < 20 else 0.5
        return clock.now

    config = ToyConfig(steps=100, batch_size=4, transitions=16)
    assert seconds_per_step(config, CPU, slow_at_first) == 0.5
    assert len(looks) == 40
    assert seconds_per_step(replace(config, steps=5), CPU, Ticks()) == 1.0
    assert not weights(data)


def test_a_step_longer_than_the_budget_is_one_sentence(data):
    with pytest.raises(
        SMWMError, match=r"over before the first step: a step of dots-single.* takes 1 s.*nothing was t"
    ):
        reproduce(TINY, CPU, Pages(), seconds=20, clock=Ticks())


def test_a_budget_of_time():
    assert [parse_duration(text) for text in ("25m", "1h30m", "90s", "8h")] == [1500, 5400, 90, 28800]
    for wrong in ("", "25", "m", "1m1h", "0s", "-5m"):
        with pytest.raises(SMWMError, match="A budget of time is such as 25m"):
            parse_duration(wrong)


def test_the_command_line(counted, tmp_path, monkeypatch, capsys):
    monkeypatch.setenv("SMWM_DATA", str(tmp_path))
    assert cli.main(["reproduce", "--device", "cpu"]) == 2
    assert "The preset paper is for a GPU, and torch sees" in capsys.readouterr().err
    assert cli.main(["reproduce", "--dry-run", "--device", "cpu"]) == 0
    assert "on NVIDIA H100 SXM, 80 GB, all estimated." in capsys.readouterr().out
    assert cli.main(["reproduce", "--dry-run", "t4", "--device", "cpu"]) == 0
    assert "on NVIDIA T4, 16 GB, all estimated." in capsys.readouterr().out
    for wrong, words in ((["--dry-run", "abacus"], "no machine named 'abacus'"), (["--budget", "soon"], "not 'soon'")):
        assert cli.main(["reproduce", "--device", "cpu", *wrong]) == 2
        assert words in capsys.readouterr().err
    assert not list(tmp_path.iterdir())


def test_a_driver_that_is_too_old_is_one_sentence_with_both_numbers(tmp_path, monkeypatch, capsys):
    told = (
        "The NVIDIA driver on your system is too old (found version 11040). Please update your GPU driver by "
        "downloading and installing a new version from the URL: http://www.nvidia.com/Download/index.aspx "
        "Alternatively, go to: https://pytorch.org to install another version."
    )
    monkeypatch.setenv("SMWM_DATA", str(tmp_path))
    monkeypatch.setattr(torch.version, "cuda", "12.8")
    monkeypatch.setattr(torch.cuda, "is_available", lambda: bool(warnings.warn(told, stacklevel=1)))
    monkeypatch.setattr(torch.cuda, "init", lambda: raising(RuntimeError(told)))
    for device in ("auto", "cuda"):
        assert cli.main(["reproduce", "--device", device]) == 2
        said = capsys.readouterr().err
        assert said.count("\n") == 1
        assert f"torch sees 0 CUDA devices (its build {torch.__version__} is for CUDA 12.8; The NVIDIA driver" in said
        assert "too old (found version 11040))" in said


def test_the_command_makes_a_page_from_the_seeds_that_are_there(data, monkeypatch, capsys):
    monkeypatch.setattr(module, "plan", lambda *given: plan(*given, FEW[:1]))
    assert cli.main(["reproduce", "--preset", "paper_smoke", "--device", "cpu"]) == 0
    assert "3 of 3 runs and pages are done; the rest takes about 0 s" in capsys.readouterr().out
    content = json.loads((data / "results" / "fig2_dot_world" / "paper_smoke.json").read_text())
    assert content["seeds"] == [0]
    assert len(list((data / "cache" / "runs").iterdir())) == len(content["runs"]) == 2


def test_pausing_keeps_a_run_for_the_next_call(data):
    config = ToyConfig(steps=9, batch_size=4, transitions=16)
    asked = []
    with pytest.raises(Paused):
        runs.train_run(config, 0, CPU, pause=lambda: asked.append(1) or len(asked) == 4)
    assert runs.progress(config, 0, CPU) == pytest.approx(4 / 9)
    runs.train_run(config, 0, CPU, pause=lambda: asked.append(1))
    assert len(asked) == 4 + 4  # after its last step nobody asks
