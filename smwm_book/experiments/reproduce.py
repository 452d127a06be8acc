"""Doing what was planned, as far as the time goes; the same command goes on.

Finished runs and results stay whatever happens; what is in progress is saved when the time is over.
"""

import re
import tempfile
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace
from math import inf
from pathlib import Path

import torch

from smwm_book.experiments.devices import a_lost_card_in_one_sentence, describe_device, seen_gpus
from smwm_book.experiments.plan import FIGURES, MACHINES, Job, Machine, plan, table
from smwm_book.experiments.presets import Preset
from smwm_book.experiments.resources import free_memory, require_room
from smwm_book.experiments.results import load_results
from smwm_book.experiments.runs import progress, train_run, trainable
from smwm_core.errors import SMWMError, choose
from smwm_core.seeds import generator
from smwm_core.storage import root
from smwm_core.training.arithmetic import precision_on
from smwm_core.training.kinds import Config, trainer
from smwm_core.training.loop import REFRESH_EVERY, Paused
from smwm_core.worlds import make_world, planning_task
from smwm_core.worlds.recorded.recording import PART, collect, collect_parts, share_recorded

TIMED = 20  # frames that are drawn to see how fast that is
SAVING = 5.0  # seconds that are kept for saving a run and saying what is done

Clock = Callable[[], float]


def reproduce(
    budget: Preset,
    device: torch.device,
    make_page: Callable[[str, int], object],
    *,
    seconds: float = inf,
    clock: Clock = time.monotonic,
) -> str:
    """Measure the machine, then train runs and make pages in the order of the plan until the time is over.

    Arguments:
        budget: what is reproduced.
        device: where.
        make_page: measures a figure with so many seeds and writes its results, from runs that are there.
        seconds: how long; by default until all is done.
        clock: in seconds; it only grows.

    Returns:
        the table of what is done and what is next. It is printed as well if something goes wrong on the way.

    Raises:
        SMWMError: no GPU for a budget that needs one, too little time for a step, or what a run or a page says.
    """
    end = clock() + seconds
    require_device(budget, device)
    machine = measured(budget, device, end, clock)
    jobs = plan(budget, machine)
    try:
        carry_out(jobs, budget, device, make_page, end, clock)
    except BaseException:
        print(table(jobs, shares(jobs, budget, device), machine))
        raise
    return table(jobs, shares(jobs, budget, device), machine)


@a_lost_card_in_one_sentence("the plan")
def carry_out(
    jobs: list[Job],
    budget: Preset,
    device: torch.device,
    make_page: Callable[[str, int], object],
    end: float,
    clock: Clock,
) -> None:
    """Do jobs in their order until the clock shows ``end``; those that do not fit into what is left are passed over."""
    incomplete: set[str] = set()  # worlds whose runs, and frames, wait for data
    for job in jobs:
        world = job.config.world if job.config else job.world
        if job.obstacle or world in incomplete or done(job, budget, device) == 1:
            continue
        fits = job.least + SAVING <= end - clock()
        if job.world:
            if fits:
                _make(job, lambda least=job.least: clock() >= end - SAVING - least)
            if done(job, budget, device) < 1:
                incomplete.add(world)
            continue
        if not fits:
            continue
        if job.config is None:
            runs = [(config, seed) for seed in range(job.seeds) for config in FIGURES[job.figure].configs(budget, seed)]
            if all(_trained(config, seed, device) == 1 for config, seed in runs):
                make_page(job.figure, job.seeds)
            continue
        try:
            train_run(trainable(job.config, device), job.seed, device, pause=lambda: clock() >= end - SAVING)
        except Paused:
            return
        if device.type == "cuda":
            torch.cuda.empty_cache()  # for the process that makes a page


def _make(job: Job, pause: Callable[[], bool]) -> None:
    """Record the episodes or draw the frames of a job."""
    if job.data == "frames":
        make_world(job.world).draw(pause)
        return
    build, name, count = planning_task(job.world)
    collect(build(), name, count, pause=pause)


def shares(jobs: list[Job], budget: Preset, device: torch.device) -> list[float]:
    """What is done of each job, from 0 to 1."""
    return [done(job, budget, device) for job in jobs]


def done(job: Job, budget: Preset, device: torch.device) -> float:
    """The share of a run that is trained and saved, or of data that is made, or whether a page has its seeds."""
    if job.data == "episodes":
        return share_recorded(*planning_task(job.world)[1:])
    if job.config:
        return _trained(job.config, job.seed, device)
    with suppress(SMWMError):  # no results, or no package that draws
        if job.world:
            return make_world(job.world).share_drawn()
        return float(len(load_results(job.figure, budget.name).seeds) >= job.seeds)
    return 0.0


def _trained(config: Config, seed: int, device: torch.device) -> float:
    return progress(trainable(config, device), seed, device)


@a_lost_card_in_one_sentence("measuring the machine")
def measured(budget: Preset, device: torch.device, end: float = inf, clock: Clock = time.monotonic) -> Machine:
    """The machine here: seconds of a step of each kind of run that the budget has, rates of recording and drawing.

    Raises:
        SMWMError: the time is over before a step of each has been made.
    """
    on_gpu = device.type == "cuda"
    here = Machine(
        describe_device(device),
        free_memory(device),
        cores=torch.multiprocessing.cpu_count(),
        precision=precision_on(device),
        compiles=on_gpu,
    )
    step: dict[str, float] = {}
    rates: dict[str, dict[str, float]] = {"episodes": {}, "frames": {}}
    for job in plan(budget, replace(here, step={"toy": 1.0, "control": 1.0, "vit": 1.0})):
        if job.config and not job.obstacle and job.config.kind not in step:
            step[job.config.kind] = seconds_per_step(trainable(job.config, device), device, clock)
            if clock() + SAVING >= end:
                raise SMWMError(
                    f"The budget is over before the first step: a step of {job.name} takes "
                    f"{step[job.config.kind]:.3g} s, beginning and saving it some more; nothing was trained."
                )
        if job.world and not job.obstacle and done(job, budget, device) < 1:
            rate = episodes_per_second if job.data == "episodes" else frames_per_second
            with suppress(SMWMError):  # such as a missing package; it is said when this data has its turn
                rates[job.data][job.world] = rate(job.world, clock)
    return replace(here, step=step, recorded_per_s=rates["episodes"], drawn_per_s=rates["frames"])


def episodes_per_second(world: str, clock: Clock = time.monotonic) -> float:
    """Episodes of a world that all cores together record in a second, twenty each."""
    build, name, _ = planning_task(world)
    simulator = build()
    return PART * _files_per_second(
        lambda paths: collect_parts(simulator, name, {path: k for k, path in enumerate(paths)}, workers=None), clock
    )


def frames_per_second(world: str, clock: Clock = time.monotonic) -> float:
    """Frames of a world that all cores together draw and pack in a second, twenty each."""
    drawn = make_world(world)
    states = drawn.simulator.collect(1, generator(0, "an episode whose frames are timed"))[0][0, :TIMED]
    return TIMED * _files_per_second(lambda paths: drawn.draw_parts(dict.fromkeys(paths, states)), clock)


def _files_per_second(make: Callable[[list[Path]], None], clock: Clock) -> float:
    """Files that all cores make in a second, one each, after a first one each, for which processes have to start."""
    cores = torch.multiprocessing.cpu_count()
    with tempfile.TemporaryDirectory() as folder:
        make([Path(folder) / f"first_{core}" for core in range(cores)])
        began = clock()
        make([Path(folder) / f"second_{core}" for core in range(cores)])
        return cores / (clock() - began)


def seconds_per_step(config: Config, device: torch.device, clock: Clock = time.monotonic) -> float:
    """Seconds of a step of a run, over the twenty that follow the first twenty: between two looks at its losses."""
    marks: list[float] = []

    def enough() -> bool:
        marks.append(clock())
        return len(marks) == 2 * REFRESH_EVERY

    with suppress(Paused):
        root.data().mkdir(parents=True, exist_ok=True)
        chosen = require_room(config, device, root.data())
        with a_lost_card_in_one_sentence("measuring a step"):
            trainer(config).train(config, 0, device=device, pause=enough, **chosen)
    first = min(REFRESH_EVERY, len(marks) - 1) - 1 if len(marks) > REFRESH_EVERY else 0
    return (marks[-1] - marks[first]) / max(1, len(marks) - 1 - first)


def foreseen(budget: Preset, device: torch.device, name: str) -> str:
    """The table of a plan that is not carried out.

    Arguments:
        budget: what is to be reproduced.
        device: where, if ``name`` is empty; a GPU is measured, and instead of a processor an H100 is shown.
        name: of a machine that is described by its data sheet.
    """
    if not name and device.type == "cuda":
        machine = measured(budget, device)
    else:
        machine = choose("machine", name or "h100", MACHINES)
    jobs = plan(budget, machine)
    return table(jobs, shares(jobs, budget, device), machine)


def require_device(budget: Preset, device: torch.device) -> None:
    """Refuse a processor for a budget that is meant for a GPU."""
    if device.type == "cpu" and budget.vit is not None and budget.published:
        raise SMWMError(
            f"The preset {budget.name} is for a GPU, and torch sees {seen_gpus()}; `smwm reproduce --dry-run` shows "
            "its plan, and `--preset paper_smoke` tries the code on a processor."
        )


def parse_duration(text: str) -> float:
    """``"25m"``, ``"1h30m"`` or ``"90s"`` → seconds.

    Raises:
        SMWMError: another form, or no time at all.
    """
    found = re.fullmatch(r"(?:(\d+)h)?(?:(\d+)m)?(?:(\d+)s)?", text)
    seconds = (
        sum(int(part or 0) * unit for part, unit in zip(found.groups(), (3600, 60, 1), strict=True)) if found else 0
    )
    if not seconds:
        raise SMWMError(f"A budget of time is such as 25m, 1h30m or 90s, not {text!r}.")
    return float(seconds)
