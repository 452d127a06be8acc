"""Claims about pages: what a notebook computes, and what becomes of it.

1. Measured anew in a kernel, a page shows its numbers and replaces nothing; published, it writes results and weights.
2. Read, it checks the first seed against what is stored; what only some seeds could measure is left out.
3. Changes reach every run; nothing stored is read or written with them; what no run has or takes, and what the page
   varies itself, is refused.
4. Runs that a page trained by itself are named in its results, and changes are refused.
5. From the command line, a changed page is trained, kept apart, and named; an edited notebook is never replaced,
   and no kernel gets what was left in the environment.
"""

import json
import os
from dataclasses import replace
from types import SimpleNamespace

import nbformat
import numpy as np
import papermill
import pytest
from cells import run_notebook

from smwm_book import cli, paths
from smwm_book.experiments import page as experiment
from smwm_book.experiments import presets
from smwm_book.experiments.measures import KINDS, Count, Scale
from smwm_book.experiments.page import Page, changed, parse_changes
from smwm_book.experiments.results import load_results
from smwm_book.notebooks import run as notebooks
from smwm_core import Objective, SMWMError, WorldModel
from smwm_core.seeds import generator
from smwm_core.storage.versions import VERSIONS
from smwm_core.training.config import ToyConfig, VitConfig

TINY = replace(presets.PRESETS["smoke"], steps=2, batch_size=8, published=True)


@pytest.fixture(autouse=True)
def data(tmp_path, monkeypatch):
    monkeypatch.setenv("SMWM_DATA", str(tmp_path))
    monkeypatch.delenv("SMWM_CHANGES", raising=False)
    monkeypatch.delenv("SMWM_PUBLISH", raising=False)
    monkeypatch.setitem(presets.PRESETS, "smoke", TINY)
    return tmp_path


def measured(recompute: bool, seed: int = 0):
    page = Page("fig2_dot_world", "Fig. 2", "smoke", seed, "cpu", recompute)
    for s in page.seeds:
        run = page.run(page.budget.config("dots/single", Objective(inverse=10)), s)
        z = run.encode(run.world.sample(64, generator(0, "states of a page")).state)
        page.add(run, "single", knee=Count(2), total_variance=Scale(z.var(0).sum().item(), "latent units²"))
        page.arrays["curve"].append(z.var(0).numpy())
        if s > seed:
            page.add(s, only_here=Count(1))
    return page, page.results()


def kept(data) -> set[str]:
    return {str(path.relative_to(data)) for path in data.rglob("*") if path.is_file() and path.parts[-1] != "lock"}


def test_a_kernel_shows_what_it_measures_and_replaces_nothing(data):
    page, results = measured(recompute=True)
    assert page.seeds == [0, 1]
    assert results.metric("single.total_variance")["n"] == 2
    assert results.arrays["curve"].shape == (2, 64)
    assert [metric["name"] for metric in results.metrics] == ["single.knee", "single.total_variance"]
    assert not [name for name in kept(data) if not name.startswith("cache/runs/")]


def test_a_published_page_is_read_and_checked(data, monkeypatch):
    monkeypatch.setenv("SMWM_PUBLISH", "1")
    _, written = measured(recompute=True)
    monkeypatch.delenv("SMWM_PUBLISH")
    assert {"results/fig2_dot_world/smoke.json", "checkpoints/manifest.json"} <= kept(data)
    before = kept(data)
    page, read = measured(recompute=False)
    assert page.seeds == [0]
    assert read.metrics == written.metrics
    assert page.here["single.total_variance"] == pytest.approx(written.metric("single.total_variance")["per_seed"][0])
    assert np.array_equal(page.stored()["curve"], written.arrays["curve"])
    assert page.some({"a": 1, "b": 2}, ["b"]) == {"b": 2}
    assert kept(data) == before
    path = data / "results" / "fig2_dot_world" / "smoke.json"
    content = json.loads(path.read_text())
    metric = content["metrics"][1]
    metric["per_seed"][0] *= 1.5
    metric["value"], metric["low"], metric["high"] = KINDS[metric["kind"]].over_seeds(metric["per_seed"])
    path.write_text(json.dumps(content))
    with pytest.raises(SMWMError, match="weights and results do not belong together"):
        measured(recompute=False)


def test_changes_reach_every_run_and_nothing_stored_is_touched(data, monkeypatch):
    monkeypatch.setenv("SMWM_PUBLISH", "1")
    measured(recompute=True)
    before = {path: path.read_bytes() for path in data.rglob("*") if path.is_file()}
    monkeypatch.setenv("SMWM_CHANGES", "inverse=1,steps=3")
    page, results = measured(recompute=False, seed=5)
    assert page.seeds == [5]
    (name,) = results.runs
    assert name == "dots-single_inverse1_3x8_seed5"
    assert results.metric("single.total_variance")["low"] is None
    assert all(path.read_bytes() == content for path, content in before.items())
    with pytest.raises(SMWMError, match="no results"):
        load_results("fig2_dot_world", "smoke", 5)


def test_a_change_that_no_run_takes_is_refused(monkeypatch):
    monkeypatch.setenv("SMWM_CHANGES", "sigreg=0.1")
    with pytest.raises(SMWMError, match="No run of fig2_dot_world has a weight for sigreg"):
        measured(recompute=False)


@pytest.mark.parametrize(
    ("name", "value"),
    [("collapse_explorer", "inverse"), ("fig7_lambda", "inverse"), ("fig_sprite_control", "curriculum")],
)
def test_what_a_page_varies_itself_cannot_be_changed(name, value, data, monkeypatch):
    monkeypatch.setenv("SMWM_CHANGES", f"{value}=3")
    with pytest.raises(SMWMError, match=f"{name} compares values of {value} itself"):
        run_notebook(name, preset="smoke")
    assert not kept(data)


def test_changed_runs_are_asked_about_tasks_drawn_anew(data, monkeypatch):
    monkeypatch.setattr(experiment, "planning_tasks", lambda *_, **asked: asked)
    run = SimpleNamespace(config=SimpleNamespace(world="tworoom"))
    published = experiment.tasks_path("tworoom", TINY.tasks, 25)
    published.parent.mkdir()
    published.touch()
    page = Page("fig5_planning", "Fig. 5", "smoke", 0, "cpu", True)
    assert page.tasks(run, 25) == {"recompute": False, "keep": False}
    monkeypatch.setenv("SMWM_CHANGES", "inverse=1")
    page = Page("fig5_planning", "Fig. 5", "smoke", 0, "cpu", False)
    assert page.tasks(run, 25) == {"recompute": True, "keep": False}


def test_planning_models_are_all_trained_and_some_read_again(monkeypatch):
    page = Page("fig5_planning", "Fig. 5", "smoke", 0, "cpu", True)
    monkeypatch.setattr(page, "run", lambda config, seed, published: (config.objective, seed, published))
    objectives = page.budget.objectives("tworoom")
    assert page.planners("tworoom", 7) == {
        method: (objective, 7, method != "forward_only") for method, objective in objectives.items()
    }
    page.redo = False
    assert list(page.planners("tworoom")) == ["smwm"]
    assert list(page.planners("tworoom", again=["smwm", "sigreg"])) == ["smwm", "sigreg"]


def test_runs_of_the_pages_own_are_named_in_its_results(data, monkeypatch):
    def shown():
        page = Page("fig2_dot_world", "Fig. 2", "smoke", 0, "cpu", True)
        for s in page.seeds:
            page.trained("own", s, WorldModel.toy(2), 1.5, ("streams", "dots"))
            page.add(s, "own", knee=Count(2))
        return page.results()

    results = shown()
    used = {"dots": VERSIONS["dots"], "streams": VERSIONS["streams"]}
    assert results.runs == {"own_seed0": used, "own_seed1": used}
    assert results.provenance["training_seconds"] == 3
    assert not kept(data)
    monkeypatch.setenv("SMWM_CHANGES", "inverse=1")
    with pytest.raises(SMWMError, match="those of fig2_dot_world have none"):
        shown()


def test_a_weight_is_changed_where_it_is_not_zero():
    config = ToyConfig(objective=Objective(inverse=0, sigreg=0.09))
    assert changed(config, {"inverse": 3.0, "sigreg": 1.0}).objective == Objective(inverse=0, sigreg=1)
    assert changed(config, {"steps": 7}).steps == 7
    assert changed(VitConfig(), {"epochs": 2}).epochs == 2
    with pytest.raises(SMWMError, match="no value of a run on dots/single named 'epochs'"):
        changed(config, {"epochs": 2})
    assert changed(config, {"epochs": 2}, strict=False) == config


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("inverse", "has the form NAME=VALUE, such as inverse=1; 'inverse' has not"),
        ("lambda=1", "no value of a run named 'lambda'; choose one of: batch_size"),
        ("objective=1", "no value of a run named 'objective'"),
        ("inverse=much", "inverse is a number, not 'much'"),
        ("steps=1.5", "steps is a whole number, not '1.5'"),
        ("inverse=-1", "The weight of a loss is a finite number"),
        ("inverse=nan", "inverse is a number, not 'nan'"),
        ("learning_rate=inf", "learning_rate is a number, not 'inf'"),
        ("", "has the form NAME=VALUE, such as inverse=1; '' has not"),
        ("inverse=1 inverse=2", "inverse can be changed once, not to 1 and to 2"),
        ("steps=0", "at least one step"),
        ("batch_size=0", "A batch holds between 2 and"),
    ],
)
def test_an_impossible_change_is_one_sentence_and_starts_nothing(text, words, data, capsys):
    assert cli.main(["run", "fig2_dot_world", "--preset", "smoke", *(f"--set={part}" for part in text.split(" "))]) == 2
    said = capsys.readouterr().err
    assert words in said
    assert said.count("\n") == 1
    assert not kept(data)


def test_a_change_and_a_publication_exclude_each_other(capsys):
    assert cli.main(["run", "fig2_dot_world", "--set", "inverse=1", "--recompute"]) == 2
    assert "leave out --recompute" in capsys.readouterr().err


def test_changes_are_read_in_order():
    assert parse_changes(["inverse=1", "steps=400", "learning_rate=1e-3"]) == {
        "inverse": 1.0,
        "steps": 400,
        "learning_rate": 0.001,
    }
    assert parse_changes([]) == {}


def test_another_lambda_and_seed_from_the_command_line(data, capsys):
    before = (paths.NOTEBOOKS / "fig2_dot_world.ipynb").read_bytes()
    arguments = ["run", "fig2_dot_world", "--preset", "smoke", "--set", "inverse=1", "--set", "steps=3", "--seed", "5"]
    assert cli.main(arguments) == 0
    where = capsys.readouterr().out.strip()
    assert where.endswith("cache/notebooks/fig2_dot_world_smoke_seed5_inverse1_steps3.ipynb")
    assert (data / "cache" / "notebooks" / where.rpartition("/")[2]).exists()
    assert {name.split("/")[0] for name in kept(data)} == {"cache"}
    runs = {path.name.split("_seed")[0] for path in (data / "cache" / "runs").iterdir()}
    assert runs == {"dots-single_inverse1_3x32", "dots-single_forward_3x32"}
    assert (paths.NOTEBOOKS / "fig2_dot_world.ipynb").read_bytes() == before


def test_an_edited_notebook_is_not_replaced(tmp_path, monkeypatch):
    monkeypatch.setattr(paths, "NOTEBOOKS", tmp_path)
    (tmp_path / "page.py").write_text("# %%\nx = 1\n")
    notebook = notebooks.clean(nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell("x = 1")]), {})
    nbformat.write(notebook, tmp_path / "page.ipynb")
    notebooks.require_unedited("page")
    (tmp_path / "page.py").write_text("# %%\nx = 2\n")  # a new source replaces what was executed of the old one
    notebooks.require_unedited("page")
    notebook.cells[0].source = "x = 3"
    nbformat.write(notebook, tmp_path / "page.ipynb")
    monkeypatch.setattr(notebooks, "execute", lambda *_, **__: pytest.fail("executed a notebook"))
    for recompute, changes in ((False, []), (True, []), (False, ["inverse=1"])):
        with pytest.raises(SMWMError, match=r"page\.ipynb was edited, and `run` executes notebooks/page\.py"):
            notebooks.run("page", preset="smoke", seed=0, device="cpu", recompute=recompute, changes=changes)


@pytest.mark.parametrize(
    ("kind", "words", "told"),
    [
        (
            "AcceleratorError",
            "CUDA error: device lost\nCompile with",
            r"lost in the page page \(CUDA error: device lost\)",
        ),
        (
            "OutOfMemoryError",
            "CUDA out of memory. Tried to",
            "ran out of memory in the page page; what was saved stays",
        ),
    ],
)
def test_a_card_that_is_lost_in_a_page_is_one_sentence(tmp_path, monkeypatch, kind, words, told):
    monkeypatch.setattr(paths, "NOTEBOOKS", tmp_path)
    (tmp_path / "page.py").write_text("# %%\nx = 1\n")

    def failing(*_, **__):
        raise papermill.PapermillExecutionError(0, 1, "x = 1", kind, words, [])

    monkeypatch.setattr(papermill, "execute_notebook", failing)
    with pytest.raises(SMWMError, match=told):
        notebooks.execute("page", {}, tmp_path / "page.ipynb")
    assert not (tmp_path / "page.ipynb").exists()


def test_what_was_left_in_the_environment_reaches_no_kernel(tmp_path, monkeypatch):
    monkeypatch.setattr(paths, "NOTEBOOKS", tmp_path)
    (tmp_path / "page.py").write_text(
        "# %%\nimport os\n\n[os.environ.get(f'SMWM_{x}') for x in ('CHANGES', 'PUBLISH')]\n"
    )
    monkeypatch.setenv("SMWM_CHANGES", "inverse=1")
    monkeypatch.setenv("SMWM_PUBLISH", "1")

    def told(**asked) -> str:
        notebooks.execute("page", {}, tmp_path / "page.ipynb", **asked)
        return nbformat.read(tmp_path / "page.ipynb", as_version=4).cells[0].outputs[0].data["text/plain"]

    assert told() == "['', '']"
    assert told(changes=["steps=3"], publish=True) == "['steps=3', '1']"
    assert os.environ["SMWM_PUBLISH"] == ""


def test_a_page_is_read_from_a_data_folder_that_cannot_be_written(monkeypatch, tmp_path):
    (tmp_path / "data").mkdir()
    (tmp_path / "data" / "cache").write_text("")  # root may write into a read-only folder, but nobody into a file
    monkeypatch.setenv("SMWM_DATA", str(tmp_path / "data"))
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "own"))
    made = []
    monkeypatch.setattr(notebooks, "execute", lambda name, parameters, output, **_: made.append(output))
    shown = notebooks.run("fig2_dot_world", preset="laptop", seed=0, device="auto", recompute=False)
    assert [shown] == made == [tmp_path / "own" / "smwm" / "notebooks" / "fig2_dot_world_laptop_seed0.ipynb"]


@pytest.mark.parametrize(("seed", "recompute"), [(0, "no"), (0, None), (-1, False), (True, False), (0.0, False)])
def test_another_kind_of_seed_or_of_recompute_is_refused(data, seed, recompute):
    with pytest.raises(SMWMError, match=r"A page takes a seed ≥ 0 and recompute=True or False, not"):
        Page("fig2_dot_world", "Fig. 2", "smoke", seed, "cpu", recompute)
