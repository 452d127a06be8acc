"""What every notebook needs: a budget, a device, runs, and one way from measurements to the numbers on its page."""

import os
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import fields, replace

import numpy as np

from smwm_book.experiments.devices import pick_device
from smwm_book.experiments.measures import Measure
from smwm_book.experiments.presets import get_preset
from smwm_book.experiments.results import Results, collected, load_results, write_or_check
from smwm_book.experiments.runs import OwnRun, Run, train_or_load
from smwm_book.experiments.tasks import planning_tasks, tasks_path
from smwm_core.errors import SMWMError, choose
from smwm_core.losses.objective import Objective
from smwm_core.planning.tasks import Tasks
from smwm_core.storage.versions import VERSIONS
from smwm_core.training.config import ToyConfig, VitConfig
from smwm_core.training.kinds import Config
from smwm_core.training.loop import History


class Page:
    """One notebook at one budget.

    With ``recompute`` all its seeds are trained, or found trained, and measured; otherwise the published weights of the
    first are measured and must agree with the stored results. What is measured anew is only shown: results and weights
    are written when ``SMWM_PUBLISH`` is 1, as ``smwm run NAME --recompute`` sets it, so a kernel overwrites nothing.
    ``SMWM_CHANGES``, as ``smwm run NAME --set inverse=1`` sets it, changes every run of the page; one seed of them is
    trained and shown, and nothing stored is read or written.

    Arguments:
        notebook: its stem.
        figure: the paper's name for it, or the page's own.
        preset, seed, device, recompute: the notebook's parameters.
        seeds: how many it averages over, where that differs from the budget.
        tasks: planning tasks whose released data it needs.

    Raises:
        SMWMError: an unknown budget or device, data that are missing, or a change that no run has.
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
    ) -> None:
        self.notebook, self.figure, self.preset, self.seed = notebook, figure, preset, seed
        self.budget, self.device = get_preset(preset), pick_device(device)
        self.changes = parse_changes(os.environ.get("SMWM_CHANGES", ""))
        self.redo = bool(recompute or self.changes)
        self.publish = bool(recompute) and not self.changes and os.environ.get("SMWM_PUBLISH") == "1"
        many = 1 if self.changes or not self.redo else seeds or self.budget.seeds
        self.seeds = [seed + i for i in range(many)]
        self.arrays: dict[str, object] = defaultdict(list)
        self._rows: dict[int, dict[str, Measure]] = {s: {} for s in self.seeds}
        self._runs: dict[str, Run | OwnRun] = {}
        self._published: list[Run] = []
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
        run = train_or_load(changed(config, self.changes), seed, self.device, recompute=self.redo)
        self._runs.setdefault(str(run.weights), run)
        if published and run not in self._published:
            self._published.append(run)
        return run

    def trained(self, name: str, seed: int, history: History, components: Iterable[str]) -> None:
        """Note a run that the page trained on data of its own, with ``fit``; its weights are not kept.

        Arguments:
            name: what sets it apart from the page's other runs.
            seed: of the run.
            history: what ``fit`` gave back.
            components: all that decides its numbers, as ``VERSIONS`` names it.

        Raises:
            SMWMError: ``--set`` would change nothing here.
        """
        if self.changes:
            raise SMWMError(f"--set changes runs that have a configuration; those of {self.notebook} have none.")
        name = f"{name}_seed{seed}"
        used = {component: VERSIONS[component] for component in sorted(components)}
        self._runs[name] = OwnRun(name, used, history.model, history.seconds)

    def tasks(self, run: Run, offset: int) -> Tasks:
        """The tasks of a run's world that everything plans; drawn anew, and published, when the page is published."""
        name, n = run.config.world, self.budget.tasks
        anew = self.publish or (self.redo and not tasks_path(name, n, offset).exists())
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
        """The page's numbers: those just measured, written if the page is published, or the stored ones, checked."""
        common = set.intersection(*(set(row) for row in self._rows.values()))  # some need a task that was solved
        rows = {seed: {k: v for k, v in row.items() if k in common} for seed, row in self._rows.items()}
        facts = {
            "figure": self.figure,
            "preset": self.preset,
            "runs": list(self._runs.values()),
            "arrays": {name: np.array(values) for name, values in self.arrays.items()},
        }
        if self.redo and not self.publish:
            return collected(self.notebook, rows, **facts)
        return write_or_check(self.notebook, rows, write=self.publish, published=self._published, **facts)


def parse_changes(text: str) -> dict[str, float | int]:
    """``"inverse=1,steps=400"`` → names and values.

    Raises:
        SMWMError: another form, a name that no configuration has, or a value that is no number.
    """
    known = {field.name: field.type for kind in (Objective, ToyConfig, VitConfig) for field in fields(kind)}
    known = {name: kind for name, kind in known.items() if kind in (int, float, int | None)}
    changes = {}
    for part in filter(None, text.split(",")):
        name, equals, value = part.partition("=")
        if not equals:
            raise SMWMError(f"A change has the form NAME=VALUE, such as inverse=1; {part!r} has not.")
        kind = float if choose("value of a run", name, known) is float else int
        try:
            changes[name] = kind(value)
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
