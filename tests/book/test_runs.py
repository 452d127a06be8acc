"""Claims about what is kept of a run: names, weights, progress and results.

1. A fingerprint changes with everything that can change the numbers, and with nothing else.
2. What is written is read back, to the bit for half-precision weights.
3. A file that is missing, truncated, tampered with or foreign is refused with one sentence that names
   it, and a refusal leaves every file as it was.
4. Results are written once and must agree with the weights ever after.
"""

import gc
import json
import shutil
from dataclasses import dataclass, fields, replace
from pathlib import Path

import numpy as np
import pytest
import torch
from safetensors.torch import load_file

from smwm_book.experiments import checkpoints, runs
from smwm_book.experiments.measures import Count, Number, Rate, Scale
from smwm_book.experiments.page import Page
from smwm_book.experiments.provenance import commit, provenance
from smwm_book.experiments.recipe import fingerprint, recipe
from smwm_book.experiments.results import (
    Results,
    collected,
    load_results,
    paper_values,
    require_agreement,
    result_path,
    save_results,
)
from smwm_book.experiments.runs import Run, load_run, run_name, train_or_load, train_run
from smwm_core.errors import SMWMError
from smwm_core.losses.objective import Objective
from smwm_core.models import WorldModel
from smwm_core.storage import weights
from smwm_core.storage.files import locked
from smwm_core.storage.versions import VERSIONS
from smwm_core.training import toy as toy_module
from smwm_core.training.config import ToyConfig
from smwm_core.worlds import make_world

CPU = torch.device("cpu")


CONFIG = ToyConfig("dots/single", Objective(2.5, 0), transitions=16, batch_size=8, steps=2, latent_dim=8)


NAME = "dots-single_inverse2.5_2x8_of16_z8_seed0"


PUBLISHED = f"{NAME}.safetensors"
ORIGIN = provenance(CPU, "smwm run page", 1.5)


@pytest.fixture(scope="module")
def trained(tmp_path_factory) -> Path:
    """A data folder with one run, finished and published."""
    data = tmp_path_factory.mktemp("trained")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("SMWM_DATA", str(data))
        runs.publish(train_run(CONFIG, 0, CPU))
    return data


@pytest.fixture
def data(trained, tmp_path, monkeypatch) -> Path:
    """A copy of that folder, to be damaged."""
    monkeypatch.setenv("SMWM_DATA", str(tmp_path / "data"))
    return Path(shutil.copytree(trained, tmp_path / "data"))


def contents(folder: Path) -> dict[Path, bytes]:
    """Every file with its bytes, but for the empty locks that keep other processes out."""
    return {path: path.read_bytes() for path in folder.rglob("*") if path.is_file() and path.name != "lock"}


def refused(call, *words: str, untouched: Path) -> None:
    """Whether ``call`` refuses in one sentence that says ``words``, and touches no file."""
    before = contents(untouched)
    with pytest.raises(SMWMError) as refusal:
        call()
    sentence = str(refusal.value)
    assert "\n" not in sentence
    assert sentence.endswith(".")
    for word in words:
        assert word in sentence
    assert contents(untouched) == before


def cached(data: Path) -> Path:
    arithmetic = f"torch{torch.__version__}_{torch.get_num_threads()}threads"
    return data / "cache" / "runs" / f"{NAME}_{fingerprint(CONFIG, 0, 'cpu')}_{arithmetic}"


def test_a_run_on_a_gpu_is_found_from_machines_with_other_processors(data, monkeypatch):
    folders = set()
    for threads in (1, 16):
        monkeypatch.setattr(torch, "get_num_threads", lambda threads=threads: threads)
        folders.add(runs._folder(CONFIG, 0, torch.device("cuda")))
        assert runs._folder(CONFIG, 0, CPU).name.endswith(f"_{threads}threads")
    (folder,) = folders
    assert folder.name.endswith("_gpu")
    folder.mkdir(parents=True)
    (folder / "weights.safetensors").touch()
    assert runs.finished()[NAME] == folder / "weights.safetensors"


def test_a_fingerprint_is_twelve_hexadecimal_digits_and_repeatable():
    assert fingerprint(CONFIG, 0, "cpu") == fingerprint(replace(CONFIG), 0, "cpu")
    assert len(fingerprint(CONFIG, 0, "cpu")) == 12
    assert int(fingerprint(CONFIG, 0, "cpu"), 16) >= 0


def test_every_value_of_the_configuration_the_seed_and_the_device_change_the_fingerprint():
    changes = {
        "world": "dots/coupled",
        "objective": Objective(2.5, 0.1),
        "transitions": 17,
        "batch_size": 9,
        "steps": 3,
        "learning_rate": 6e-4,
        "latent_dim": 9,
        "curriculum": 1,
        "frames": 2,
        "past_actions": 1,
    }
    assert changes.keys() == {field.name for field in fields(CONFIG)}
    sprite = replace(CONFIG, world="sprite/x")  # a world that has a curriculum
    late = replace(CONFIG, world="blob/delay2")  # and one whose states hold past actions
    of = {"curriculum": sprite, "past_actions": late}
    others = [fingerprint(replace(of.get(field, CONFIG), **{field: v}), 0, "cpu") for field, v in changes.items()]
    others += [fingerprint(sprite, 0, "cpu"), fingerprint(late, 0, "cpu")]
    others += [fingerprint(replace(CONFIG, objective=Objective(2.6, 0)), 0, "cpu")]
    others += [fingerprint(CONFIG, 1, "cpu"), fingerprint(CONFIG, 0, "cuda"), fingerprint(CONFIG, 0, "cpu")]
    assert len(set(others)) == len(others) == 16


def test_equal_configurations_have_equal_fingerprints():
    whole, real = replace(CONFIG, objective=Objective(10, 0)), replace(CONFIG, objective=Objective(10.0, 0.0))
    assert whole == real
    assert fingerprint(whole, 0, "cpu") == fingerprint(real, 0, "cpu")


@pytest.mark.parametrize(
    ("config", "seed", "name"),
    [
        (CONFIG, 0, NAME),
        (ToyConfig(), 2, "dots-single_inverse10_97600x256_seed2"),
        (ToyConfig("dots/combined", Objective(0, 0.09)), 0, "dots-combined_sigreg0.09_97600x256_seed0"),
        (ToyConfig(objective=Objective(0, 0), steps=20), 1, "dots-single_forward_20x256_seed1"),
        (
            ToyConfig(objective=Objective(1e-3, 0.5), batch_size=64),
            0,
            "dots-single_inverse0.001_sigreg0.5_97600x64_seed0",
        ),
    ],
)
def test_a_run_is_named_by_its_values(config, seed, name):
    assert run_name(config, seed) == name


def test_a_finished_run_leaves_weights_and_history_and_nothing_else(data):
    assert {path.relative_to(data) for path in contents(data)} == {
        (cached(data) / "weights.safetensors").relative_to(data),
        (cached(data) / "history.npz").relative_to(data),
        Path("checkpoints") / PUBLISHED,
        Path("checkpoints/manifest.json"),
    }
    assert checkpoints.read_manifest().keys() == {PUBLISHED}


def test_a_finished_run_is_found_and_not_trained_again(data, monkeypatch):
    before = contents(data)
    monkeypatch.setattr(toy_module, "train", lambda *_, **__: pytest.fail("trained again"))
    found, opened = train_or_load(CONFIG, 0, CPU, recompute=True), train_or_load(CONFIG, 0, CPU, recompute=False)
    for name, tensor in found.model.state_dict().items():
        assert torch.equal(tensor, opened.model.state_dict()[name])
    assert found.history.keys() == {"loss", "forward", "inverse", "snapshot_steps", "snapshots"}
    assert not opened.history
    assert found.seconds == opened.seconds
    assert contents(data) == before


def test_an_opened_run_is_frozen_and_in_half_precision(data):
    model = load_run(CONFIG, 0, CPU).model
    stored = load_file(data / "checkpoints" / PUBLISHED)
    assert not model.training
    for name, parameter in model.named_parameters():
        assert stored[name].dtype == torch.float16
        assert torch.equal(parameter, stored[name].float())
        assert not parameter.requires_grad


def test_an_unpublished_run_is_found_in_the_cache(data):
    shutil.rmtree(data / "checkpoints")
    assert load_run(CONFIG, 0, CPU).history["loss"].shape == (2,)


def test_a_run_that_never_was_is_refused(data):
    refused(lambda: load_run(CONFIG, 1, CPU), "No trained weights for", "seed1", "--recompute", untouched=data)


def test_weights_of_another_configuration_under_the_same_name_are_refused(data, monkeypatch):
    other = replace(CONFIG, learning_rate=1e-3)
    assert run_name(other, 0) == "dots-single_inverse2.5_2x8_of16_lr0.001_z8_seed0"
    monkeypatch.setattr(runs, "run_name", lambda *_: NAME)
    refused(lambda: load_run(other, 0, CPU), PUBLISHED, "another run than its name says", untouched=data)


def test_weights_of_other_versions_are_refused(data, monkeypatch):
    present = VERSIONS["dots"]
    monkeypatch.setitem(VERSIONS, "dots", present + 1)
    words = PUBLISHED, f"was made with dots {present} instead of {present + 1};", "train it again with --recompute"
    refused(lambda: load_run(CONFIG, 0, CPU), *words, untouched=data)


def test_a_header_says_recipe_and_commit(data):
    described = weights.describe(data / "checkpoints" / PUBLISHED)
    assert described.recipe == recipe(CONFIG)
    assert described.commit == commit()


def test_a_new_field_renames_no_run():
    """A value that is the default is not part of a fingerprint."""

    @dataclass(frozen=True)
    class Wider(ToyConfig):
        new: int = 3

    values = {field.name: getattr(CONFIG, field.name) for field in fields(CONFIG)}
    assert fingerprint(Wider(**values), 0, "cpu") == fingerprint(CONFIG, 0, "cpu")
    assert fingerprint(Wider(**values, new=4), 0, "cpu") != fingerprint(CONFIG, 0, "cpu")


def inverted(content: bytes, first: int, last: int) -> bytes:
    return content[:first] + bytes(255 - byte for byte in content[first:last]) + content[last:]


DAMAGES = {
    "empty": lambda content: b"",
    "ten bytes": lambda content: content[:10],
    "half": lambda content: content[: len(content) // 2],
    "one byte short": lambda content: content[:-1],
    "no such format": lambda content: b"This is a text, and a rather long one, but not what it should be. " * 20,
    "overwritten early": lambda content: inverted(content, 100, 150),
    "overwritten later": lambda content: inverted(content, 200, 300),
    "overwritten inside": lambda content: inverted(content, 400, 500),
}


truncated = pytest.mark.parametrize("damage", ["empty", "ten bytes", "half", "one byte short", "no such format"])


damaged = pytest.mark.parametrize("damage", DAMAGES)


def spoil(path: Path, damage: str) -> None:
    path.write_bytes(DAMAGES[damage](path.read_bytes()))


@truncated
def test_incomplete_weights_are_refused(data, damage):
    weights = cached(data) / "weights.safetensors"
    spoil(weights, damage)
    words = "weights.safetensors is not a complete safetensors file", "fetch or recompute"
    refused(lambda: train_run(CONFIG, 0, CPU), *words, untouched=data)
    shutil.rmtree(data / "checkpoints")
    refused(lambda: load_run(CONFIG, 0, CPU), *words, untouched=data)


@damaged
def test_published_weights_that_differ_from_the_manifest_are_refused(data, damage):
    spoil(data / "checkpoints" / PUBLISHED, damage)
    refused(lambda: load_run(CONFIG, 0, CPU), f"{PUBLISHED} differs from its sha256", untouched=data)


def test_one_flipped_bit_of_published_weights_is_refused(data):
    path = data / "checkpoints" / PUBLISHED
    content = bytearray(path.read_bytes())
    content[-1] ^= 1
    path.write_bytes(content)
    refused(lambda: load_run(CONFIG, 0, CPU), f"{PUBLISHED} differs from its sha256", untouched=data)


def test_published_weights_that_are_missing_are_refused(data):
    (data / "checkpoints" / PUBLISHED).unlink()
    refused(lambda: load_run(CONFIG, 0, CPU), f"The manifest names {data}", PUBLISHED, "missing", untouched=data)


def test_weights_without_an_entry_in_the_manifest_are_refused(data):
    (data / "checkpoints" / "manifest.json").write_text("{}")
    path = data / "checkpoints" / PUBLISHED
    refused(lambda: checkpoints.verify(path), PUBLISHED, "not in the manifest", untouched=data)


@pytest.mark.parametrize(
    "content",
    [
        pytest.param(b"", id="empty"),
        pytest.param(b'{"a": {"bytes": 1', id="truncated"),
        pytest.param(b"\xff\xfe\x00", id="not text"),
        pytest.param(b"null", id="null"),
        pytest.param(json.dumps([PUBLISHED]).encode(), id="list"),
        pytest.param(json.dumps({PUBLISHED: {}}).encode(), id="empty entry"),
    ],
)
def test_a_broken_manifest_is_refused(data, content):
    (data / "checkpoints" / "manifest.json").write_bytes(content)
    refused(lambda: load_run(CONFIG, 0, CPU), "checkpoints", "restore", "git", untouched=data)


@damaged
def test_a_broken_history_is_refused(data, damage):
    spoil(cached(data) / "history.npz", damage)
    refused(lambda: train_run(CONFIG, 0, CPU), "history.npz cannot be read", "delete", untouched=data)
    gc.collect()  # a file that was left open would be a warning here, and so an error


def test_a_missing_history_is_refused(data):
    (cached(data) / "history.npz").unlink()
    refused(lambda: train_run(CONFIG, 0, CPU), "history.npz cannot be read", "delete", untouched=data)


@pytest.mark.parametrize("content", ["empty", "truncated", "no torch file", "foreign"])
def test_broken_progress_is_refused_and_kept(tmp_path, monkeypatch, content):
    monkeypatch.setenv("SMWM_DATA", str(tmp_path))
    progress = cached(tmp_path) / "progress.pt"
    progress.parent.mkdir(parents=True)
    torch.save({"weights": torch.zeros(1_000)}, progress)
    if content != "foreign":
        spoil(progress, {"empty": "empty", "truncated": "half", "no torch file": "no such format"}[content])
    refused(lambda: train_run(CONFIG, 0, CPU), "progress.pt", "delete it", untouched=tmp_path)


def toy(action_dim: int = 2, latent_dim: int = 8) -> WorldModel:
    torch.manual_seed(0)
    return WorldModel.toy(action_dim, latent_dim)


def results(**changes) -> Results:
    metric = {
        "name": "knee",
        "value": 2.0,
        "low": 1.0,
        "high": 2 + 12.706204736432095 / 10,
        "n": 2,
        "paper": 2.0,
        "unit": "1",
        "per_seed": [1.9, 2.1],
        "kind": "count",
        "trials": None,
    }
    whole = Results(
        "page",
        "Fig. 2",
        "laptop",
        [0, 1],
        [metric],
        ORIGIN,
        {"run": {"dots": VERSIONS["dots"]}},
        {"curve": np.arange(500.0)},
    )
    return replace(whole, **changes)


@pytest.fixture
def stored(tmp_path, monkeypatch) -> Path:
    """A folder that holds ``results()`` of notebook ``page``."""
    monkeypatch.setenv("SMWM_DATA", str(tmp_path))
    save_results(results())
    return result_path("page", "laptop")


def page_of(rows: list[dict], *, write: bool, first: int = 0, of: Run | None = None, published=None) -> Results:
    run = of or Run(CONFIG, 1, make_world("dots/single"), toy(), {}, 1.5, Path("not published"))
    page = Page("fig2_dot_world", "Fig. 2", "laptop", first, "cpu", recompute=write)
    page.publish = write
    page._rows = {first + i: row for i, row in enumerate(rows)}
    page._runs, page._published = {"one": run, "two": run}, [run, run] if published is None else published
    page.arrays["curve"] = np.arange(3.0)
    return page.results()


def test_metrics_are_found_by_a_pattern():
    stored = results()
    assert stored.each("k*", {"nee": "Knee", "ilo": "none"}) == {"Knee": stored.metric("knee")}


def errors(*values: float) -> list[dict]:
    return [{"error": Scale(value, "px")} for value in values]


def test_written_results_are_read_back_with_all_that_belongs_to_them(tmp_path, monkeypatch):
    monkeypatch.setenv("SMWM_DATA", str(tmp_path))
    rows = [{"single.knee": Count(2), **row} for row in errors(1.0, 2.0, 4.0)]
    written = page_of(rows, write=True)
    read = load_results("fig2_dot_world", "laptop")
    assert (read.metrics, read.provenance, read.seeds) == (written.metrics, written.provenance, [0, 1, 2])
    assert np.array_equal(read.arrays["curve"], np.arange(3.0))
    knee, error = read.metric("single.knee"), read.metric("error")
    assert (knee["paper"], knee["unit"], knee["low"], knee["high"], knee["kind"]) == (2.0, "1", 2.0, 2.0, "count")
    assert (error["paper"], error["unit"], error["n"], error["per_seed"]) == (None, "px", 3, [1.0, 2.0, 4.0])
    assert error["value"] == pytest.approx(2)
    assert error["high"] == pytest.approx(2 * 2 ** (4.303 / 3**0.5), rel=1e-3)
    facts = {"commit", "device", "cpu_or_gpu", "torch", "python", "wall_seconds", "peak_memory_mb", "date", "command"}
    assert facts <= read.provenance.keys()
    assert read.provenance["cpu_or_gpu"] == "cpu"
    assert read.provenance["training_seconds"] == 3.0
    assert read.provenance["command"] == "smwm run fig2_dot_world --preset laptop --seed 0 --recompute"
    assert read.runs == {NAME.replace("seed0", "seed1"): recipe(CONFIG)}


def test_results_of_other_versions_are_refused(tmp_path, monkeypatch):
    monkeypatch.setenv("SMWM_DATA", str(tmp_path))
    page_of(errors(1.0), write=True)
    present = VERSIONS["dots"]
    monkeypatch.setitem(VERSIONS, "dots", present + 1)
    words = NAME.replace("seed0", "seed1"), f"was made with dots {present} instead of {present + 1}"
    refused(lambda: load_results("fig2_dot_world", "laptop"), *words, untouched=tmp_path)


def test_results_are_checked_and_nothing_is_written(tmp_path, monkeypatch):
    monkeypatch.setenv("SMWM_DATA", str(tmp_path))
    page_of(errors(1.0, 3.0), write=True)
    before = contents(tmp_path)
    assert page_of(errors(1.001), write=False).metric("error")["value"] == pytest.approx(3**0.5)
    assert contents(tmp_path) == before
    words = "error is 1.1", "but 1 in the results of preset laptop", "recompute both"
    refused(lambda: page_of(errors(1.1), write=False), *words, untouched=tmp_path)
    other = [{"error": Number(1.0, "px")}]
    refused(lambda: page_of(other, write=False), "error is a scale in the results", untouched=tmp_path)


@pytest.mark.parametrize("rows", [[], [{}], [*errors(1.0), {"other": Number(1.0)}]], ids=len)
def test_rows_with_other_metrics_are_refused(tmp_path, rows):
    facts = {"figure": "Fig. 2", "preset": "laptop", "runs": [], "arrays": {}}
    refused(lambda: collected("page", dict(enumerate(rows)), **facts), "one row per seed", untouched=tmp_path)


def test_agreement_is_within_two_percent_of_the_value_of_that_seed():
    require_agreement(results(), 0, {"knee": Count(1.9 * 1.019)})
    require_agreement(results(), 1, {"knee": Count(2.1 * 0.981)})
    for seed, value in ((0, 1.9 * 1.03), (0, 2.1), (1, 1.9), (1, float("nan"))):
        with pytest.raises(SMWMError, match=r"knee is .* weights and results do not belong together"):
            require_agreement(results(), seed, {"knee": Count(value)})


def test_two_trials_of_a_rate_may_end_differently():
    stored = results()
    stored.metrics[0].update(kind="rate", trials=20, per_seed=[50.0, 50.0])
    require_agreement(stored, 0, {"knee": Rate(12, 20)})
    with pytest.raises(SMWMError, match="do not belong together"):
        require_agreement(stored, 0, {"knee": Rate(13, 20)})


def test_agreement_with_an_unknown_seed_or_metric_is_refused():
    with pytest.raises(SMWMError, match=r"hold seeds \[0, 1\], not 6"):
        require_agreement(results(), 6, {"knee": Count(2.0)})
    with pytest.raises(SMWMError, match="no metric 'elbow'"):
        require_agreement(results(), 0, {"elbow": Count(2.0)})


def test_missing_results_are_refused_with_the_command_that_makes_them(tmp_path, monkeypatch):
    monkeypatch.setenv("SMWM_DATA", str(tmp_path))
    words = "laptop.json", "`smwm run page --preset laptop --seed 0 --recompute`"
    refused(lambda: load_results("page", "laptop"), *words, untouched=tmp_path)


@truncated
def test_a_truncated_result_file_is_refused(stored, damage):
    spoil(stored, damage)
    if damage == "one byte short":
        stored.write_bytes(stored.read_bytes()[:-1])  # the first byte to go was a line end
    refused(lambda: load_results("page", "laptop"), "laptop.json is not valid JSON", untouched=stored.parent)


@damaged
def test_broken_arrays_are_refused(stored, damage):
    spoil(stored.with_suffix(".npz"), damage)
    refused(lambda: load_results("page", "laptop"), "laptop.npz cannot be read", untouched=stored.parent)
    gc.collect()  # a file that was left open would be a warning here, and so an error


def test_missing_arrays_are_refused(stored):
    stored.with_suffix(".npz").unlink()
    refused(lambda: load_results("page", "laptop"), "laptop.npz cannot be read", untouched=stored.parent)


@pytest.mark.parametrize(
    "change",
    [
        pytest.param(lambda content: content.pop("seeds"), id="no seeds"),
        pytest.param(lambda content: content.update(more=1), id="a key too many"),
        pytest.param(lambda content: content["metrics"][0].pop("unit"), id="a metric without unit"),
        pytest.param(lambda content: content["metrics"][0]["per_seed"].pop(), id="a seed without value"),
        pytest.param(lambda content: content.update(metrics=["knee"]), id="a metric that is a word"),
        pytest.param(lambda content: content.update(metrics=None), id="metrics that are null"),
        pytest.param(lambda content: content["metrics"][0].update(value="two"), id="a value that is a word"),
        pytest.param(lambda content: content.update(preset="paper"), id="another preset"),
        pytest.param(lambda content: content.update(seeds=[3, 4]), id="other seeds"),
        pytest.param(lambda content: content["provenance"].pop("commit"), id="no commit"),
        pytest.param(lambda content: content["metrics"][0].update(kind="word"), id="a kind that is none"),
        pytest.param(lambda content: content["metrics"][0].update(kind="share"), id="a share above 1"),
        pytest.param(lambda content: content["metrics"][0].update(kind="rate"), id="a rate without trials"),
        pytest.param(lambda content: content["metrics"][0].update(value=2.001), id="another mean"),
        pytest.param(lambda content: content["metrics"][0].update(low=1.1), id="another interval"),
        pytest.param(lambda content: content["metrics"][0].update(low=None), id="half an interval"),
        pytest.param(lambda content: content["metrics"][0].update(n=3), id="another number of seeds"),
        pytest.param(lambda content: content["metrics"][0].update(per_seed=[1.9, 2.0]), id="a changed seed"),
        pytest.param(lambda content: content["metrics"].append(content["metrics"][0]), id="a metric twice"),
        pytest.param(lambda content: content["provenance"].update(date="today"), id="a date that is none"),
        pytest.param(lambda content: content["runs"].update(run={"dots": 0}), id="an old recipe"),
        pytest.param(lambda content: content["runs"].update(run={"cats": 1}), id="an unknown component"),
    ],
)
def test_a_result_file_without_its_parts_is_refused(stored, change):
    content = json.loads(stored.read_text())
    change(content)
    stored.write_text(json.dumps(content))
    refused(lambda: load_results("page", "laptop"), "laptop.json", untouched=stored.parent)


@pytest.mark.parametrize("content", ["[]", "null", "3"])
def test_json_that_is_no_result_file_is_refused(stored, content):
    stored.write_text(content)
    refused(lambda: load_results("page", "laptop"), "laptop.json is not a result file", untouched=stored.parent)


@pytest.mark.parametrize("value", [float("nan"), float("inf")])
def test_a_number_that_is_none_is_refused_and_the_former_file_kept(stored, value):
    before = contents(stored.parent)
    broken = results(metrics=[{**results().metrics[0], "value": value}])
    with pytest.raises(ValueError, match="not JSON compliant"):
        save_results(broken)
    assert contents(stored.parent) == before


def test_results_read_back_equal_what_was_saved(stored):
    read, saved = load_results("page", "laptop"), results()
    for field in ("figure", "preset", "seeds", "metrics", "provenance", "runs"):
        assert getattr(read, field) == getattr(saved, field)
    assert read.arrays.keys() == saved.arrays.keys()
    assert np.array_equal(read.arrays["curve"], saved.arrays["curve"])


def test_writing_publishes_the_first_seed_and_no_other(data):
    first = train_run(CONFIG, 0, CPU)
    shutil.rmtree(data / "checkpoints")
    page_of(errors(1.0), write=True)
    assert checkpoints.read_manifest() == {}  # the run of that page has seed 1
    page_of(errors(1.0), write=True, of=first, published=[])
    assert checkpoints.read_manifest() == {}
    page_of(errors(1.0), write=True, of=first)
    assert checkpoints.read_manifest().keys() == {PUBLISHED}
    shutil.rmtree(data / "checkpoints")
    page_of(errors(1.0), write=True, first=2, of=first)
    assert checkpoints.read_manifest() == {}
    assert result_path("fig2_dot_world", "laptop", 2).name == "laptop_seed2.json"


def test_a_number_that_is_not_finite_is_not_written(tmp_path, monkeypatch):
    monkeypatch.setenv("SMWM_DATA", str(tmp_path))
    refused(lambda: page_of(errors(float("nan")), write=True), "error is not a finite number", untouched=tmp_path)


def test_two_processes_do_not_train_one_run(tmp_path, monkeypatch):
    monkeypatch.setenv("SMWM_DATA", str(tmp_path))
    with locked(cached(tmp_path), "training"):
        refused(lambda: train_run(CONFIG, 0, CPU), "Another process is training", untouched=tmp_path)


def test_a_disk_that_cannot_lock_is_one_sentence(tmp_path, monkeypatch):
    monkeypatch.setenv("SMWM_DATA", str(tmp_path))

    def flock(*_):
        raise OSError(37, "No locks available")

    monkeypatch.setattr("smwm_core.storage.files.fcntl.flock", flock)
    with pytest.raises(SMWMError, match=r"does not lock files \(\[Errno 37\] No locks available\)\.$"):
        train_run(CONFIG, 0, CPU)


def test_the_papers_knees_are_known():
    assert paper_values("fig2_dot_world")["single.knee"] == 2
    knees = {name: paper_values("fig4_controllable_dof")[f"{name}.knee"] for name in ("independent", "coupled")}
    assert knees == {"independent": 4, "coupled": 2}
    assert paper_values("no_such_notebook") == {}
