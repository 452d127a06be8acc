"""Claims about the check-up of a model.

1. It names the fault: swapped wires, idle columns of the action, actions that show late and how late, a collapse, a
   log of commands among the channels, a policy that leans on what it sees while its own effect is unsure, and what was
   dropped although the observation tells it.
2. It finds none in a healthy model and in published ones, and says what is in the latent with a few labels.
3. Transitions, windows, batches of them and a function that yields them are read; models of two frames too.
4. What cannot be checked is refused in one sentence, and the model is left as it was.
"""

from pathlib import Path

import numpy as np
import pytest
import torch
from torch import nn

from smwm_core import Objective, SMWMError, Transitions, WorldModel, checkup, fit, load, make_world
from smwm_core.analysis.findings import FINE, LOOK
from smwm_core.models import ForwardModel, InverseModel
from smwm_core.seeds import generator, initialising
from smwm_core.worlds import ThermalRig

REPOSITORY = Path(__file__).resolve().parents[2]
LATENT, TRAIN, CHECK = 8, 6_000, 1_500


def small(inputs: int, actions: int) -> WorldModel:
    """A tiny model of what is no picture."""
    with initialising(0, "test"):
        layers = nn.Flatten(), nn.Linear(inputs, 64), nn.ReLU(), nn.Linear(64, LATENT), nn.Tanh()
        return WorldModel(nn.Sequential(*layers), ForwardModel(LATENT, actions), InverseModel(LATENT, actions, 128))


def places(world: str, n: int, purpose: str) -> Transitions:
    """States of a toy world as observations, about in [−1, 1], in place of its frames."""
    drawn = make_world(world).sample(n, generator(0, purpose))
    return Transitions(drawn.state.float() / 32 - 1, drawn.action, drawn.next_state.float() / 32 - 1)


def trained(data: Transitions, inverse: float = 10, steps: int = 400) -> WorldModel:
    model = small(data.state[0].numel(), data.action.shape[1])

    def batches(done: int):
        while True:
            i = torch.randint(len(data), (128,), generator=generator(done, "batch"))
            yield torch.stack([data.state[i], data.next_state[i]], 1), data.action[i, None]
            done += 1

    fit(model, Objective(inverse=inverse), batches, steps=steps, learning_rate=2e-3)
    return model


def checked(world: str, **options: float):
    return checkup(trained(places(world, TRAIN, "training"), **options), places(world, CHECK, "held out"))


@pytest.fixture(scope="module")
def healthy():
    return trained(places("wiring/straight", TRAIN, "training")), places("wiring/straight", CHECK, "held out")


@pytest.fixture
def published(monkeypatch):
    monkeypatch.setenv("SMWM_DATA", str(REPOSITORY / "data"))


def test_nothing_is_found_in_a_healthy_model(healthy):
    model, data = healthy
    found = checkup(model, data, quantities={"place": data.state, "few": data.state[:20, 0].numpy()})
    assert found.faults == []
    assert found["total variance"].values[0] > 1
    assert found["total variance"].verdict == found["readback"].verdict == ""  # no page has tested what is enough
    assert min(found["action recovered"].values) > 0.95
    assert found["knee"].values == (2.0,)
    assert min(found["place"].values) > 0.9
    assert found["few"].values[0] > 0.7
    assert {f.page for f in found.findings} <= {path.stem for path in (REPOSITORY / "notebooks").glob("*.py")}
    lines = str(found).splitlines()
    assert len(lines) == 2 + len(found.findings)
    assert {lines[0].index("page")} == {line.index(f.page) for line, f in zip(lines[2:], found.findings, strict=True)}


def test_swapped_wires_are_named():
    found = checked("wiring/swapped50")
    assert found["action recovered"].verdict == LOOK
    assert "no column" in found["action recovered"].meaning
    assert found["policy"].verdict == FINE
    assert found["readback"].verdict == ""


def test_idle_columns_are_named():
    found = checked("wiring/spare")
    assert found.faults == ["action recovered"]
    assert "not column 3, 4" in found["action recovered"].meaning
    assert min(found["action recovered"].values[:2]) > 0.9


@pytest.mark.parametrize(("world", "late"), [("blob/direct", None), ("blob/delay1", 1), ("blob/delay2", 2)])
def test_an_action_that_shows_late_is_named_with_its_delay(world, late):
    states, actions = make_world(world).sample_trajectories(1_000, 4, generator(0, "late"))
    windows = states[..., :2].float() / 32 - 1, actions
    model = trained(Transitions(windows[0][:, 0], actions[:, 0], windows[0][:, 1]), steps=300)
    found = checkup(model, windows)
    if late is None:
        assert found.faults == []
        return
    assert {"action recovered", "earlier actions"} <= set(found.faults)
    assert found["earlier actions"].meaning == f"the action shows {late} steps late"
    assert found["earlier actions"].values[late - 1] > 0.95
    assert max(value for lag, value in enumerate(found["earlier actions"].values, 1) if lag != late) < 0.5


def test_a_delay_longer_than_the_windows_is_no_finding():
    states, actions = make_world("blob/delay3").sample_trajectories(1_000, 3, generator(0, "late"))
    windows = states[..., :2].float() / 32 - 1, actions
    found = checkup(small(2, 2), windows)
    assert found["earlier actions"].verdict == ""
    assert max(found["earlier actions"].values) < 0.5


@pytest.mark.parametrize("dropped", [False, True])
def test_what_was_dropped_is_named_from_vectors_and_from_pictures(dropped):
    class First(nn.Module):  # an encoder that knows where dot 1 is, and where dot 2 is only if it was not dropped
        def forward(self, seen):
            if seen.ndim == 4:  # ink of the red and of the green dot
                ink = (1 - seen[:, [1, 0]]).clamp(min=0)
                grid = torch.linspace(-1, 1, seen.shape[-1])
                x, y = (ink * grid).sum((2, 3)), (ink * grid[:, None]).sum((2, 3))
                seen = torch.stack([x, y], 2).div(ink.sum((2, 3))[..., None].clamp(min=1e-6)).flatten(1)
            kept = seen[:, :2] if dropped else seen[:, :4]
            return torch.nn.functional.pad(kept, (0, 4 - kept.shape[1])) + 1e-3 * seen[:, :1]

    world = make_world("dots/independent+static")
    drawn = world.sample(400, generator(0, "dropped"))
    model = WorldModel(First(), ForwardModel(4, 2), InverseModel(4, 2))
    vectors = [state.float() / 32 - 1 for state in (drawn.state, drawn.next_state)]
    frames = [world.render(state) for state in (drawn.state, drawn.next_state)]
    for before, after in (vectors, frames):
        named = {"dot 1": drawn.state[:100, :2], "dot 2": drawn.state[:100, 2:]}
        found = checkup(model, Transitions(before, drawn.action, after), quantities=named)
        assert found["dot 1"].verdict == ""
        assert found["dot 2"].verdict == (LOOK if dropped else "")
        assert found["dot 2"].page == "beyond_dropped"


def test_a_collapse_is_named():
    found = checked("wiring/straight", inverse=0)
    assert "total variance" in found.faults
    assert "collapsed" in found["total variance"].meaning


def test_a_policy_that_leans_on_what_it_sees_is_named():
    assert checked("chaser/0.5").faults == ["policy"]
    assert checked("chaser/0")["policy"].verdict == FINE  # one fault alone is harmless


@pytest.mark.parametrize("log_seen", [False, True])
def test_a_log_of_commands_among_the_channels_is_named(log_seen):
    rig = ThermalRig()
    drawn = generator(0, "rig")
    _, readings, commands = rig.run(rig.conditions(80, 60, drawn), rig.random_commands(80, 60, drawn))
    readings = (readings - readings.mean((0, 1))) / readings.std((0, 1)).clamp(min=1e-6)
    seen = readings if log_seen else readings[..., : -rig.action_dim]
    windows = seen.unfold(1, 8, 1).transpose(2, 3)
    o, a = windows[:, :-1].flatten(0, 1), commands[:, 7:].flatten(0, 1)
    data = Transitions(o, a, windows[:, 1:].flatten(0, 1))
    found = checkup(trained(data[1_500:], steps=600), data[:1_500])
    assert found.faults == (["readback"] if log_seen else [])


@pytest.mark.parametrize("name", ["dots/single", "dots/independent"])
def test_nothing_is_found_in_published_models_of_dots(name, published):
    world = make_world(name)
    drawn = world.sample(800, generator(0, "check"))
    data = Transitions(world.render(drawn.state), drawn.action, world.render(drawn.next_state))
    states, actions = world.sample_trajectories(20, 3, generator(0, "check"))
    windows = world.render(states.flatten(0, 1)).unflatten(0, states.shape[:2]), actions
    found = checkup(load(f"{name.replace('/', '-')}_smwm"), data, windows=windows)
    assert found.faults == []
    assert found["knee"].values == (world.controllable_dim,)
    assert len(found["rollout"].values) == 3
    assert max(found["rollout"].values) < 0.3


def test_all_forms_of_the_same_data_give_the_same_findings(healthy):
    model, data = healthy[0], healthy[1][:240]
    o, a, o_next = data.state, data.action, data.next_state
    windows = torch.stack([o, o_next], 1), a[:, None]
    forms = [
        Transitions(o.numpy(), a.numpy(), o_next.numpy()),
        windows,
        [(o[:100], a[:100], o_next[:100]), (o[100:], a[100:], o_next[100:])],
        lambda done: iter([windows]),
    ]
    model.train()
    expected = checkup(model, data)
    assert model.training
    model.eval()
    assert all(checkup(model, form) == expected for form in forms)


def test_a_model_of_two_frames_reads_windows():
    with initialising(0, "test"):
        model = WorldModel.toy(2, latent_dim=4, image_size=16, frames=2)
    frames, actions = torch.rand(100, 5, 3, 16, 16), torch.rand(100, 4, 2)
    found = checkup(model, ((255 * frames).byte(), actions))
    assert len(found["rollout"].values) == 3
    with pytest.raises(SMWMError, match="sees 2 frames needs windows of 3 or more, not 2"):
        checkup(model, (frames[:, :2], actions[:, :1]))


SEEN, A = torch.rand(300, 2), torch.rand(300, 2)
HOLED = torch.where(SEEN > 0.99, torch.nan, SEEN)


@pytest.mark.parametrize(
    ("given", "words"),
    [
        (Transitions(SEEN, A[:9], SEEN), r"A batch is .* not \(300, 2\), \(9, 2\), \(300, 2\)"),
        (Transitions(SEEN[:50], A[:50], SEEN[:50]), "a latent of 8 numbers needs 200 transitions, not 50"),
        (Transitions(HOLED, A, SEEN), "An observation or an action is not finite"),
        (Transitions(SEEN, A * torch.tensor([1.0, 0.0]), SEEN), "Column 2 of the actions never changes"),
        (Transitions(SEEN, A[:, :0], SEEN), "needs actions"),
        (Transitions(SEEN[:, :1], A, SEEN[:, :1]), r"The encoder refuses observations of shape \(1,\)"),
        (Transitions(SEEN.tolist(), A, SEEN), "are tensors or arrays of numbers"),
        (Transitions(np.array([["a"]]), A, SEEN), "are tensors or arrays of numbers"),
        ([(SEEN[:90], A[:90], SEEN[:90]), (SEEN[:90, None], A[:90], SEEN[:90, None])], "windows of one shape"),
        ([], "there is no batch"),
        (7, "or an iterable of them, not int"),
    ],
)
def test_what_cannot_be_checked_is_refused(given, words):
    with pytest.raises(SMWMError, match=words) as refusal:
        checkup(small(2, 2), given)
    assert "\n" not in str(refusal.value)


@pytest.mark.parametrize("labels", [SEEN[:5], HOLED, SEEN[:, None], torch.rand(400)])
def test_labels_that_are_none_are_refused(labels):
    with pytest.raises(SMWMError, match="speed needs 10 to 300 finite labels"):
        checkup(small(2, 2), Transitions(SEEN, A, SEEN), quantities={"speed": labels})
