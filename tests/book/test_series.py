"""Claims about the page on a plant.

1. A batch has the command that takes its first window to the second, however far apart the others are.
2. Without additions its objective is the library's; every addition is in the loss with its weight.
3. A window beyond the log has no trace of the command in its log; one that is nearer has.
4. A model that copies the plant answers what-if questions, one that ignores commands has an error of 1.
5. An alarm rings as rarely as it is set to; a fire is missed if the heaters stay on for three samples, and only then.
6. The thermostat reaches its set-points; the planner keeps the heaters off while its alarm rings.
7. In a line only neighbours matter, and alone nobody does.
8. Hypotheses hold, are refuted or undecided by the written rule.
"""

from types import SimpleNamespace

import pytest
import torch

from smwm_book.experiments import series_control as control
from smwm_book.experiments.series import ARMS, WINDOW, SeriesObjective, Telemetry, batches, build, record
from smwm_book.experiments.series_graph import LATENT, LineForward
from smwm_book.tables.hypotheses import Hypothesis
from smwm_core import CEM, Objective, SMWMError
from smwm_core.seeds import generator
from smwm_core.worlds import ThermalRig

RIG = ThermalRig()


@pytest.fixture(scope="module")
def log():
    return record(RIG, 24, 60, 0, "test")


def latents(arm: str, n: int = 32):
    """A model of an arm with a batch of its latents."""
    objective = ARMS[arm].objective
    log = record(RIG, 8, 60, 0, "test")
    see = Telemetry.of(log, commands=ARMS[arm].commands)
    model = build(see, 2, objective, 0)
    frames, a = next(batches(log, see, objective.steps, n, 0)(0))
    z = model.encode(frames.flatten(0, 1)).unflatten(0, frames.shape[:2])
    return model, z, a, frames


@pytest.mark.parametrize("steps", [(1,), (1, 3, 5), (1, 17)])
def test_a_batch_has_the_command_between_its_windows(log, steps):
    see = Telemetry.of(log, commands=True)
    drawn = batches(log, see, steps, 64, 0)
    frames, a = next(drawn(3))
    assert frames.shape == (64, 1 + len(steps), WINDOW, 12)
    assert a.shape == (64, len(steps), 2)
    entry = frames[..., -2:] * see.std[-2:] + see.mean[-2:]  # in the log of commands
    assert torch.allclose(entry[:, 1, -1], a[:, 0], atol=1e-5)
    far = (entry[:, -1] - a[:, :1]).abs().amax(2)
    assert (far[:, WINDOW - steps[-1]] < 1e-5).all() if steps[-1] <= WINDOW else (far.amin(1) > 1e-3).any()
    again = next(islice_from(drawn(0), 3))
    assert torch.equal(again[0], frames)


def islice_from(iterator, skip: int):
    for _ in range(skip):
        next(iterator)
    return iterator


def test_the_objective_is_the_librarys_and_what_is_added():
    model, z, a, frames = latents("inverse")
    own = SeriesObjective()(model, z[:, :-1], a, z[:, 1:], frames=frames, decoder=None)
    library = Objective(inverse=10)(model, z[:, :-1], a, z[:, 1:])
    assert own.keys() == library.keys()
    assert all(torch.equal(own[name], library[name]) for name in library)
    for arm in ARMS:
        model, z, a, frames = latents(arm)
        objective = ARMS[arm].objective
        terms = objective(model, z[:, :-1], a, z[:, 1:], generator(0, "directions"), frames=frames, decoder=None)
        assert set(terms) == set(objective.terms)
        weights = {"forward": 1, "inverse": 10, "several": 10, "sigreg": 0.09, "drawing": 1, "head": 1}
        total = sum(weights[name] * terms[name] for name in objective.terms[1:])
        assert terms["loss"].item() == pytest.approx(total.item(), rel=1e-5)


class Plant(torch.nn.Module):
    """A model whose latent is what the sensors do: it moves by the commands, times ``by``."""

    def __init__(self, by: float) -> None:
        super().__init__()
        self.by = by

    def encode(self, windows):
        return windows[:, -1, :2]

    def rollout(self, z, actions):
        return z[:, None] + self.by * actions.cumsum(1)


def test_what_if_questions_have_exact_answers(log):
    read, see = (lambda z: z), Telemetry.of(log)
    other = RIG.random_commands(24, 12, generator(0, "other"))
    believed, true = control.counterfactual(Plant(0.0), see, log, read, 30, other)
    assert true.shape == (24, 12, 2)
    assert control.relative_error(believed, true) == pytest.approx(1)
    assert control.relative_error(true, true) == 0
    same = control.counterfactual(Plant(1.0), see, log, read, 30, log.commands[:, 30:42])
    assert same[0].abs().max() == same[1].abs().max() == 0
    again = RIG.run(log.conditions, torch.cat([log.commands[:, :30], other], 1))[0]
    assert torch.equal(true, again[:, 31:, 2:] - log.states[:, 31:43, 2:])
    closer = control.relative_error(control.counterfactual(Plant(0.3), see, log, read, 30, other)[0], true)
    assert closer < 1


def test_an_alarm_and_missed_fires():
    z, burning = torch.randn(20_000, 1, generator=generator(0, "z")), torch.zeros(20_000)
    alarm = control.alarm_of(lambda z: z, z, burning)
    assert alarm(z).float().mean() == pytest.approx(0.01, abs=1e-3)
    conditions, began = control.fires(RIG, 6, 30, range(18, 22), generator(0, "fires"))
    assert ((began >= 18) & (began < 22)).all()
    assert all(conditions.burning[i, : began[i]].sum() == 0 and conditions.burning[i, began[i]] for i in range(6))
    commands = torch.zeros(6, 30, 2)
    assert control.violations(commands, began) == 6
    commands[0, began[0] + 3] = -1
    commands[1, began[1] + 4] = -1  # too late
    commands[2, began[2], 0] = -1  # one heater only
    commands[3, began[3] - 1] = -1  # before
    assert control.violations(commands, began) == 5


def test_controllers_do_what_they_are_for():
    day = control.duty(RIG, 6, 60, 0, "day")
    distance = control.distance_from_set_points(RIG, day, control.Thermostat(day.set_points, day.warm_up))
    assert distance.shape == (60,)
    assert distance[-15:].mean() < 1.5 < distance[0]
    log = record(RIG, 8, 60, 0, "test")
    see = Telemetry.of(log)
    for ringing in (True, False):
        policy = control.LatentPlanner(
            build(see, 2, ARMS["inverse"].objective, 0),
            see,
            lambda z: z[..., :2],
            day.set_points,
            day.warm_up,
            CEM(-torch.ones(2), torch.ones(2), horizon=3, samples=60, iterations=6, elites=6),
            generator(0, "search"),
            lambda z, ringing=ringing: torch.full((len(z),), ringing),
        )
        commands = RIG.run(
            day.conditions, lambda seen, ask=policy: ask(seen) if seen.shape[1] < 19 else day.warm_up[:, 0]
        )
        assert torch.equal(commands[2][:, :15], day.warm_up)
        assert (commands[2][:, 15:18] <= control.OFF).all().item() == ringing


def test_in_a_line_only_neighbours_matter():
    torch.manual_seed(0)
    z, a = torch.randn(5, 4 * LATENT), torch.randn(5, 8)
    for neighbours in (True, False):
        model = LineForward(4, neighbours)
        changed = z.clone()
        changed[:, :LATENT] += 1
        moved = (model(changed, a) - model(z, a)).unflatten(1, (4, LATENT)).abs().amax((0, 2)) > 0
        assert moved.tolist() == [True, neighbours, False, False]


@pytest.mark.parametrize(
    ("intervals", "verdict"),
    [
        (((0.1, 0.2), (0.9, 1.0)), "holds"),
        (((0.1, 0.4), (0.9, 1.0)), "undecided"),
        (((0.4, 0.5), (0.9, 1.0)), "refuted"),
        (((0.4, 0.5), (0.7, 1.0)), "refuted"),
        (((None, None), (0.9, 1.0)), "undecided"),
    ],
)
def test_verdicts_follow_the_rule(intervals, verdict):
    metrics = [{"name": name, "low": low, "high": high} for name, (low, high) in zip("ab", intervals, strict=True)]

    def metric(wanted: str) -> dict:
        for entry in metrics:
            if entry["name"] == wanted:
                return entry
        raise SMWMError(wanted)

    results = SimpleNamespace(metrics=metrics, metric=metric)
    assert Hypothesis("", (("a", "<", 0.3), ("b", ">", 0.8))).verdict(results) == verdict
    with pytest.raises(SMWMError):
        Hypothesis("", (("c", "<", 0.3),)).verdict(results)
