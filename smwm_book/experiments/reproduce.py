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

from smwm_book.experiments.devices import a_lost_card_in_one_sentence, describe_device
from smwm_book.experiments.plan import FIGURES, MACHINES, Job, Machine, drawn_frames, plan, table
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
from smwm_core.worlds import make_world

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


def carry_out(
    jobs: list[Job],
    budget: Preset,
    device: torch.device,
    make_page: Callable[[str, int], object],
    end: float,
    clock: Clock,
) -> None:
    """Do jobs in their order until the clock shows ``end``; those that do not fit into what is left are passed over."""
    for job in jobs:
        if job.obstacle or done(job, budget, device) == 1 or job.least + SAVING > end - clock():
            continue
        if job.world:
            make_world(job.world).draw(lambda least=job.least: clock() >= end - SAVING - least)
            continue
        if job.config and drawn_frames(job.config.world) and make_world(job.config.world).share_drawn() < 1:
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


def shares(jobs: list[Job], budget: Preset, device: torch.device) -> list[float]:
    """What is done of each job, from 0 to 1."""
    return [done(job, budget, device) for job in jobs]


def done(job: Job, budget: Preset, device: torch.device) -> float:
    """The share of a run that is trained and saved, or of frames that are drawn, or whether a page has its seeds."""
    if job.world:
        return make_world(job.world).share_drawn()
    if job.config:
        return _trained(job.config, job.seed, device)
    with suppress(SMWMError):
        return float(len(load_results(job.figure, budget.name).seeds) >= job.seeds)
    return 0.0


def _trained(config: Config, seed: int, device: torch.device) -> float:
    return progress(trainable(config, device), seed, device)


def measured(budget: Preset, device: torch.device, end: float = inf, clock: Clock = time.monotonic) -> Machine:
    """The machine here, with the seconds of a step of each kind of run that the budget has, and of drawing frames.

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
    drawn: dict[str, float] = {}
    for job in plan(budget, replace(here, step={"toy": 1.0, "control": 1.0, "vit": 1.0})):
        if job.config and not job.obstacle and job.config.kind not in step:
            step[job.config.kind] = seconds_per_step(trainable(job.config, device), device, clock)
            if clock() + SAVING >= end:
                raise SMWMError(
                    f"The budget is over before the first step: a step of {job.name} takes "
                    f"{step[job.config.kind]:.3g} s, beginning and saving it some more; nothing was trained."
                )
        if job.world and not job.obstacle and done(job, budget, device) < 1:
            with suppress(SMWMError):  # such as a missing package; it is said when these frames have their turn
                drawn[job.world] = here.cores * frames_per_second(job.world, clock)
    return replace(here, step=step, drawn_per_s=drawn)


def frames_per_second(world: str, clock: Clock = time.monotonic) -> float:
    """Frames of a world that one process draws and packs in a second, over the twenty that follow the first twenty."""
    drawn = make_world(world)
    states = drawn.simulator.collect(1, generator(0, "an episode whose frames are timed"))[0][0]
    with tempfile.TemporaryDirectory() as folder:
        drawn.draw_into(Path(folder) / "first.h5", states[:TIMED])
        began = clock()
        drawn.draw_into(Path(folder) / "second.h5", states[TIMED : 2 * TIMED])
        return TIMED / (clock() - began)


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
            f"The preset {budget.name} is for a GPU, and torch sees {torch.cuda.device_count()} here; `smwm reproduce "
            "--dry-run` shows its plan, and `--preset paper_smoke` tries the code on a processor."
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
