"""Claims about versions: the numbers of every family are those of the record of its versions.

1. Every family of runs gives what its record says; every committed checkpoint's recipe is that of a family.
2. Records are never written again, and lie under the versions that they are of.
3. A change in any component is caught, by a planted one for each.
4. Two recipes differ where a component does, and the sentence says which.
"""

import contextlib
import functools
import json
import shutil
import subprocess
import sys
from dataclasses import replace

import canary
import pytest
import torch

from smwm_book import paths
from smwm_book.experiments import checkpoints
from smwm_book.experiments.recipe import fingerprint, recipe, require_recipe
from smwm_core import seeds, worlds
from smwm_core.errors import SMWMError
from smwm_core.losses import objective, sigreg, smwm, vicreg
from smwm_core.losses.objective import Objective
from smwm_core.models import encoder, heads, vit
from smwm_core.storage import weights as weights_module
from smwm_core.storage.versions import VERSIONS
from smwm_core.training import adaptive_weight, control, kinds, toy
from smwm_core.training import vit as vit_training
from smwm_core.training.config import ControlConfig, ToyConfig
from smwm_core.training.windows import Windows
from smwm_core.worlds import SIMULATORS, biased_dots, dots, moving_blob, propeller, sprite, thermal_rig, wiring
from smwm_core.worlds.lewm.world import released
from smwm_core.worlds.recorded import recording
from smwm_core.worlds.recorded.episodes import Episodes
from smwm_core.worlds.simulators import cube, push_t, reacher, two_room


@pytest.fixture(scope="module", autouse=True)
def data(tmp_path_factory):
    """One data folder for all: simulators record and draw once."""
    folder = tmp_path_factory.mktemp("data")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("SMWM_DATA", str(folder))
        canary.released_file(folder)
        yield folder


def record(family: str) -> dict:
    path = canary.path_of(family)
    assert path.exists(), f"{path.name} is missing; `python tests/canary.py` records it, once."
    return json.loads(path.read_text())


@pytest.mark.parametrize("family", [*canary.FAMILIES, *canary.FRAMELESS])
def test_numbers_are_those_of_their_versions(family):
    found = canary.differences(record(family), canary.observe(family))
    assert not found, f"{family}: {'; '.join(found)}. Raise the version of the component that changed."


def test_a_missing_record_is_one_sentence(monkeypatch):
    monkeypatch.setitem(VERSIONS, "dots", 99)
    with pytest.raises(AssertionError, match=r"dots-single_v99-.* is missing; `python tests/canary.py` records it"):
        record("dots-single")


def test_every_committed_checkpoint_is_covered(monkeypatch):
    monkeypatch.delenv("SMWM_DATA")
    covered = [recipe(config) for config in canary.FAMILIES.values()]
    names = checkpoints.read_manifest()
    assert len(names) >= 22
    for name in names:
        described = weights_module.describe(checkpoints.folder() / name)
        components = recipe(kinds.config_from(described.config, name))
        assert components in covered, f"{name} uses {components}, which no canary covers."


def test_records_are_never_written_again():
    def git(*arguments: str) -> list[str]:
        done = subprocess.run(["git", "-C", paths.REPOSITORY, *arguments], capture_output=True, text=True, check=True)
        return [line for line in done.stdout.splitlines() if line]

    written_again = git("log", "--diff-filter=MDT", "--format=", "--name-only", "--", "data/canaries")
    edited = [line for line in git("status", "--porcelain", "--", "data/canaries") if line[:2] not in ("??", "A ")]
    assert not written_again
    assert not edited
    for path in canary.RECORDS.glob("*.json"):
        versions = json.loads(path.read_text())["exact"]["versions"]
        assert path.stem.endswith("_v" + "-".join(map(str, versions.values()))), path.name


def scaled(function, by: float):
    @functools.wraps(function)
    def wrapped(*arguments, **values):
        return by * function(*arguments, **values)

    return wrapped


def patched(target, name: str, value):
    @contextlib.contextmanager
    def applied():
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(target, name, value)
            yield

    return applied


def configured(family: str, **weights: float):
    """Another weight in a family's objective."""

    @contextlib.contextmanager
    def applied():
        config = canary.FAMILIES[family]
        with pytest.MonkeyPatch.context() as patch:
            changed = replace(config, objective=replace(config.objective, **weights))
            patch.setitem(canary.FAMILIES, family, changed)
            yield

    return applied


def one_step_off(self, rows, skip):
    return self.action[(rows[:, None] + torch.arange(skip) + 1).clamp(max=len(self.action) - 1)].nan_to_num().flatten(1)


def renamed_stream(seed: int, purpose: str, of=seeds.stream_seed) -> int:
    return of(seed, "order of period 0" if purpose == "order of epoch 0" else purpose)


def whole_weights(path, model, description):
    weights = {name: weight.contiguous() for name, weight in model.state_dict().items()}
    header = {"format": weights_module.FORMAT, "run": json.dumps(description)}
    path.write_bytes(weights_module.save(weights, header))


def fewer(count: int, task: str):
    return {**SIMULATORS, task: (SIMULATORS[task][0], count)}


ADAM, ACTIONS, ROWS = torch.optim.Adam, Windows.actions, Windows.rows
RELATIVE = smwm.relative_forward_loss
ANSWER, REMEMBERED = heads.MultiStepInverseModel.forward, heads.RememberingForwardModel.forward
LEWM = sys.modules[released.__module__]  # the package calls the function by the module's name
# What is planted, by the component whose version it must raise, with a family that shows it.
MUTATIONS = {
    ("toy model", "no tanh"): ("dots-single", patched(encoder.nn, "Tanh", torch.nn.Identity)),
    ("toy training", "learning rate × 1.01"): (
        "dots-single",
        patched(torch.optim, "Adam", lambda p, lr, **k: ADAM(p, lr=1.01 * lr, **k)),
    ),
    ("toy training", "another share of the curriculum"): ("sprite-xyt", patched(toy, "EASIEST_SHARE", 0.8)),
    ("control model", "another width"): ("control-tworoom", patched(encoder, "PROJECTOR_WIDTH", 500)),
    ("control training", "learning rate × 1.1"): (
        "control-tworoom",
        patched(control, "warm_up_and_cosine", scaled(control.warm_up_and_cosine, 1.1)),
    ),
    ("control training", "actions one step off"): (
        "control-tworoom",
        patched(Windows, "actions", lambda self, numbers: ACTIONS(self, numbers).roll(2, -1)),
    ),
    ("control history", "the later frame first"): (
        "control-two-frames",
        patched(Windows, "rows", lambda self, numbers: ROWS(self, numbers).view(-1, 2, 2).flip(2).flatten(1)),
    ),
    ("vit model", "another mean colour"): ("vit", patched(vit, "IMAGENET_MEAN", (0.485, 0.456, 0.456))),
    ("vit training", "learning rate × 1.01"): (
        "vit",
        patched(vit_training, "warm_up_and_cosine", scaled(vit_training.warm_up_and_cosine, 1.01)),
    ),
    ("objective", "λ × 1.01"): ("dots-single", configured("dots-single", inverse=10.1)),
    ("objective", "a detached target"): (
        "dots-single",
        patched(objective, "forward_loss", lambda z_hat, z_next: smwm.forward_loss(z_hat, z_next.detach())),
    ),
    ("sigreg", "16 knots instead of 17"): (
        "dots-distractor-sigreg",
        patched(objective, "sigreg_loss", functools.partial(sigreg.sigreg_loss, knots=16)),
    ),
    ("vicreg", "weight of the covariance × 1.01"): (
        "dots-distractor-vicreg",
        patched(vicreg, "COVARIANCE_WEIGHT", vicreg.COVARIANCE_WEIGHT * 1.01),
    ),
    ("reconstruction", "weight of ink × 1.01"): (
        "dots-distractor-reconstruction",
        patched(smwm, "FOREGROUND_WEIGHT", smwm.FOREGROUND_WEIGHT * 1.01),
    ),
    ("ema", "decay 0.98 instead of 0.99"): ("dots-distractor-ema", configured("dots-distractor-ema", ema_decay=0.98)),
    ("inverse question", "the head is not told the distance"): (
        "propeller-sum",
        patched(heads.MultiStepInverseModel, "forward", lambda self, z, later, _: ANSWER(self, z, later, 1.0)),
    ),
    ("constraint", "a faster weight"): ("dots-distractor-constraint", patched(adaptive_weight, "RATE", 0.022)),
    ("constraint", "a limit of 0.71 instead of 0.7"): (
        "dots-distractor-constraint",
        configured("dots-distractor-constraint", constraint=0.71),
    ),
    ("relative forward", "a detached target"): (
        "dots-distractor-relative",
        patched(
            objective, "relative_forward_loss", lambda z_hat, z, z_next: RELATIVE(z_hat, z.detach(), z_next.detach())
        ),
    ),
    ("split inverse", "one dimension fewer"): (
        "dots-distractor-split",
        configured("dots-distractor-split", inverse_dims=31),
    ),
    ("orbit", "a smaller circle"): ("dots-orbit", patched(dots, "ORBIT_RADIUS", 11)),
    ("weights file", "no half precision"): ("dots-single", patched(weights_module, "save_weights", whole_weights)),
    ("streams", "one renamed"): ("dots-single", patched(seeds, "stream_seed", renamed_stream)),
    ("dots", "red and blue swapped"): (
        "dots-single",
        patched(dots, "PALETTE", (dots.PALETTE[2], dots.PALETTE[1], dots.PALETTE[0])),
    ),
    ("biased dots", "a longer stride"): ("dots-biased", patched(biased_dots, "STRIDE", 10.5)),
    ("sprite", "a larger arrow"): ("sprite-x", patched(sprite, "PIXELS_PER_UNIT", 7.6)),
    ("propeller", "wider blades"): ("propeller", patched(propeller, "WIDTH", 7.1)),
    ("moving blob", "less of the velocity is kept"): ("blob-two-frames", patched(moving_blob, "KEPT", 0.79)),
    ("toy history", "past actions in another order"): (
        "blob-past-actions-slow",
        patched(heads.RememberingForwardModel, "forward", lambda self, z, a: REMEMBERED(self, z, a.flip(1))),
    ),
    ("wiring", "smaller steps"): ("wiring-valve", patched(wiring, "MAX_DISPLACEMENT", 15)),
    ("recording", "actions one step off"): ("control-pusht", patched(Episodes, "action_blocks", one_step_off)),
    ("recording", "another length of parts"): ("control-tworoom", patched(recording, "PART", 10)),
    ("tworoom", "a narrower door"): ("control-tworoom", patched(two_room, "DOOR_REACHED", 10.0)),
    ("pusht", "a thicker T"): ("control-pusht", patched(push_t, "DISC_RADIUS", 15.1)),
    ("reacher", "torques change more often"): ("control-reacher", patched(reacher, "CHANGE_PROBABILITY", 0.21)),
    ("cube", "another colour of the gripper"): ("control-cube", patched(cube, "PURPLE", (0.61, 0.28, 0.52, 1.0))),
    ("lewm", "another share for training"): ("vit-lewm", patched(LEWM, "TRAINING_SHARE", 0.7)),
    ("thermal rig", "sensors 1 % slower"): ("thermal-rig", patched(thermal_rig, "SENSOR", 141.4)),
    ("tworoom", "20 episodes fewer"): ("control-tworoom", patched(canary, "SIMULATORS", fewer(9_980, "tworoom"))),
}


def test_every_component_has_a_mutation():
    assert {component for component, _ in MUTATIONS} == VERSIONS.keys()
    for (component, _), (family, _) in MUTATIONS.items():
        assert component in canary.components_of(family)


@pytest.mark.parametrize(("component", "change"), MUTATIONS)
def test_a_planted_change_is_caught(component, change, data, tmp_path, monkeypatch):
    family, planted = MUTATIONS[component, change]
    monkeypatch.setattr(torch.multiprocessing, "cpu_count", lambda: 1)  # records and draws in this process
    monkeypatch.setenv("SMWM_DATA", str(tmp_path))
    if component == "cube":  # what is planted is only drawn
        shutil.copytree(data / "cache" / "episodes", tmp_path / "cache" / "episodes")
    forget()
    with planted():
        canary.released_file(tmp_path)
        found = canary.differences(record(family), canary.observe(family))
    forget()
    assert found


def forget() -> None:
    """What worlds keep in memory."""
    for function in (worlds.make_world, worlds._blocks, dots._brush, cube._camera, reacher._camera):
        function.cache_clear()


def test_a_recipe_names_what_differs():
    require_recipe("a file", recipe(ToyConfig()), recipe(ToyConfig()))
    with pytest.raises(
        SMWMError, match=r"a file was made with dots 0 instead of 1, objective without instead of 1; tr"
    ):
        require_recipe("a file", {"dots": 0, "seeds": 1}, {"dots": 1, "objective": 1, "seeds": 1})


def test_a_term_counts_only_where_it_is_used():
    assert recipe(ToyConfig(objective=Objective(sigreg=1))).keys() - recipe(ToyConfig()).keys() == {"sigreg"}
    assert recipe(ControlConfig("cube/released")).keys() - recipe(ControlConfig("cube")).keys() == {"lewm"}
    assert {"cube", "recording"} < recipe(ControlConfig("cube")).keys() - recipe(ToyConfig("dots/single")).keys()


def test_a_raised_version_renames_the_runs_that_use_it_and_no_others(monkeypatch):
    dotted, arrow = (ToyConfig(world) for world in ("dots/single", "sprite/xy"))
    before = fingerprint(dotted, 0, "cpu"), fingerprint(arrow, 0, "cpu")
    monkeypatch.setitem(VERSIONS, "dots", VERSIONS["dots"] + 1)
    assert fingerprint(dotted, 0, "cpu") != before[0]
    assert fingerprint(arrow, 0, "cpu") == before[1]
