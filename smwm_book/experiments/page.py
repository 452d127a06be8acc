"""What every notebook needs: a budget, a device, runs, and one way from measurements to the numbers on its page."""

import math
import os
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import fields, replace

import numpy as np
from torch import nn

from smwm_book.experiments.devices import pick_device
from smwm_book.experiments.measures import Measure
from smwm_book.experiments.presets import get_preset
from smwm_book.experiments.results import Results, collected, load_results, require_agreement, save_results
from smwm_book.experiments.runs import OwnRun, Run, publish, train_or_load
from smwm_book.experiments.tasks import planning_tasks, tasks_path
from smwm_core.errors import SMWMError, choose
from smwm_core.losses.objective import Objective
from smwm_core.planning.tasks import Tasks
from smwm_core.storage.versions import VERSIONS
from smwm_core.training.config import ControlConfig, ToyConfig, VitConfig
from smwm_core.training.kinds import Config


class Page:
    """One notebook at one budget.

    With ``recompute`` all its seeds are trained, or found trained, and measured; otherwise the published weights of the
    first are measured and must agree with the stored results. What is measured anew is only shown: results and weights
    are written when ``SMWM_PUBLISH`` is 1, as ``smwm run NAME --recompute`` sets it, so a kernel overwrites nothing.
    ``SMWM_CHANGES``, as ``smwm run NAME --set inverse=1`` sets it, changes every run of the page; one seed of them is
    trained and shown, and nothing stored is read or written. ``SMWM_SEEDS``, as ``smwm reproduce`` sets it, is the
    largest number of seeds that there are runs of.

    Arguments:
        notebook: its stem.
        figure: the paper's name for it, or the page's own.
        preset, seed, device, recompute: the notebook's parameters.
        seeds: how many it averages over, where that differs from the budget.
        tasks: planning tasks whose released data it needs.
        varies: values of a run that the page itself varies, so that they cannot be changed.

    Raises:
        SMWMError: an unknown budget or device, another kind of seed or ``recompute``, data that are missing, or a
            change of what it varies.
    """

    def __init__(
        self,
        notebook: str,
        figure: str,
        preset: str,
        seed: int,
        device: str,
        recompute: bool,
        *,
        seeds: int | None = None,
        tasks: Iterable[str] = (),
        varies: Iterable[str] = (),
    ) -> None:
        if not isinstance(recompute, bool) or type(seed) is not int or seed < 0:
            raise SMWMError(f"A page takes a seed ≥ 0 and recompute=True or False, not {seed!r} and {recompute!r}.")
        self.notebook, self.figure, self.preset, self.seed = notebook, figure, preset, seed
        self.budget, self.device = get_preset(preset), pick_device(device)
        self.changes = parse_changes(filter(None, os.environ.get("SMWM_CHANGES", "").split(",")))
        if twice := sorted(self.changes.keys() & set(varies)):
            raise SMWMError(f"{notebook} compares values of {twice[0]} itself; change something else with --set.")
        self.redo = bool(recompute or self.changes)
        self.publish = bool(recompute) and not self.changes and os.environ.get("SMWM_PUBLISH") == "1"
        most = int(os.environ.get("SMWM_SEEDS") or self.budget.seeds)
        many = 1 if self.changes or not self.redo else min(seeds or self.budget.seeds, most)
        self.seeds = [seed + i for i in range(many)]
        self.arrays: dict[str, object] = defaultdict(list)
        self._rows: dict[int, dict[str, Measure]] = {s: {} for s in self.seeds}
        self._runs: dict[str, Run | OwnRun] = {}
        self._published: list[Run] = []
        self._changed: set[str] = set()
        if self.redo:
            self.budget.require_data(tasks)

    def some(self, options, again: Iterable):
        """All of the options (a dict or a list) if the page is measured anew, otherwise those that always are."""
        if self.redo:
            return options
        return {name: options[name] for name in again} if isinstance(options, dict) else again

    def run(self, config: Config, seed: int | None = None, *, published: bool = True) -> Run:
        """A run of the page, trained if it is measured anew.

        Arguments:
            config: what it is, before changes.
            seed: of the run; the page's first if not given.
            published: whether its weights are published with the page.
        """
        seed = self.seed if seed is None else seed
        self._changed.update(name for name in self.changes if getattr(config.objective, name, True))
        run = train_or_load(changed(config, self.changes), seed, self.device, recompute=self.redo)
        self._runs.setdefault(str(run.weights), run)
        if published and run not in self._published:
            self._published.append(run)
        return run

    def planners(self, task: str, seed: int | None = None, *, again: Iterable[str] = ("smwm",)) -> dict[str, Run]:
        """The models of a planning task by method: all if the page is measured anew, otherwise those in ``again``."""
        return {
            method: self.run(self.budget.planner_config(task, objective), seed, published=method != "forward_only")
            for method, objective in self.some(self.budget.objectives(task), again).items()
        }

    def trained(self, name: str, seed: int, model: nn.Module, seconds: float, components: Iterable[str]) -> None:
        """Note a run that the page trained on data of its own; its weights are not kept.

        Arguments:
            name: what sets it apart from the page's other runs.
            seed: of the run.
            model: what was trained.
            seconds: time spent training.
            components: all that decides its numbers beside the page, as ``VERSIONS`` names it.

        Raises:
            SMWMError: ``--set`` would change nothing here.
        """
        if self.changes:
            raise SMWMError(f"--set changes runs that have a configuration; those of {self.notebook} have none.")
        name = f"{name}_seed{seed}"
        used = {component: VERSIONS[component] for component in sorted(components)}
        self._runs[name] = OwnRun(name, used, model, seconds)

    def tasks(self, run: Run, offset: int) -> Tasks:
        """The tasks of a run's world that everything plans.

        They are drawn anew when the page is published, and published with it, and where runs are changed.
        """
        name, n = run.config.world, self.budget.tasks
        anew = self.publish or bool(self.changes) or (self.redo and not tasks_path(name, n, offset).exists())
        return planning_tasks(name, n, offset, recompute=anew, keep=self.publish)

    def stored(self) -> dict[str, np.ndarray]:
        """The arrays of the stored results; none if the page is measured anew."""
        return {} if self.redo else load_results(self.notebook, self.preset, self.seed).arrays

    def add(self, of: Run | int, prefix: str = "", **measures: Measure) -> None:
        """Keep measures of a run (or of a seed) under ``prefix.name``."""
        row = self._rows[of if isinstance(of, int) else of.seed]
        row.update({f"{prefix}.{name}" if prefix else name: measure for name, measure in measures.items()})

    @property
    def here(self) -> dict[str, float]:
        """What was measured today for the first seed."""
        return {name: measure.value for name, measure in self._rows[self.seed].items()}

    def results(self) -> Results:
        """The page's numbers: those just measured, written if the page is published, or the stored ones, checked.

        Raises:
            SMWMError: a change that no run took, or numbers that do not agree with the stored ones.
        """
        if idle := sorted(self.changes.keys() - self._changed):
            raise SMWMError(f"No run of {self.notebook} has a weight for {idle[0]}; to --set it would change nothing.")
        common = set.intersection(*(set(row) for row in self._rows.values()))  # some need a task that was solved
        rows = {seed: {k: v for k, v in row.items() if k in common} for seed, row in self._rows.items()}
        if not self.redo:
            results = load_results(self.notebook, self.preset, self.seed)
            for seed, row in rows.items():
                require_agreement(results, seed, row)
            return results
        runs, arrays = list(self._runs.values()), {name: np.array(values) for name, values in self.arrays.items()}
        results = collected(self.notebook, rows, figure=self.figure, preset=self.preset, runs=runs, arrays=arrays)
        if self.publish:
            save_results(results)
            for run in self._published if self.budget.published and self.seed == 0 else ():
                if run.seed == 0:
                    publish(run)
        return results


def parse_changes(parts: Iterable[str]) -> dict[str, float | int]:
    """``"inverse=1"``, ``"steps=400"`` → names and values.

    Raises:
        SMWMError: another form, a name that no configuration has or that comes twice, or a value that is no number.
    """
    kinds = (Objective, ToyConfig, ControlConfig, VitConfig)
    known = {field.name: field.type for kind in kinds for field in fields(kind)}
    known = {name: kind for name, kind in known.items() if kind in (int, float, int | None)}
    changes = {}
    for part in parts:
        name, equals, value = part.partition("=")
        if not equals:
            raise SMWMError(f"A change has the form NAME=VALUE, such as inverse=1; {part!r} has not.")
        kind = float if choose("value of a run", name, known) is float else int
        if name in changes:
            raise SMWMError(f"{name} can be changed once, not to {changes[name]:g} and to {value}.")
        try:
            changes[name] = kind(value)
            if not math.isfinite(changes[name]):
                raise ValueError
        except ValueError as error:
            raise SMWMError(f"{name} is a {'whole ' * (kind is int)}number, not {value!r}.") from error
    return changes


def changed(config: Config, changes: dict, *, strict: bool = True) -> Config:
    """A configuration with changes: a weight where it is not 0, every other value in any case.

    Arguments:
        strict: whether to refuse values that the configuration does not have, rather than to leave them out.

    Raises:
        SMWMError: a value that the configuration does not have, or values that make no run.
    """
    weights = {field.name for field in fields(Objective)}
    objective = {name: value for name, value in changes.items() if name in weights and getattr(config.objective, name)}
    own = {field.name: field for field in fields(config)}
    others = {name: value for name, value in changes.items() if name not in weights and (strict or name in own)}
    for name in others:
        choose(f"value of a run on {config.world}", name, own)
    return replace(config, objective=replace(config.objective, **objective), **others)
