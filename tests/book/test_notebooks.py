"""Claims about the committed notebooks.

1. The executed ``.ipynb`` is its ``.py`` source, cell by cell, and nothing in it is machine-specific.
2. Every figure has a caption and alt text; every notebook prints numbers that nbval compares.
3. nbval really compares them: one changed digit makes it fail.
4. Every notebook trains from nothing in a scratch folder, where those that share runs find them, and reads what it
   wrote; one does so in kernels, one trains vision transformers; a failed run changes nothing.
5. Pages made from results and notebooks are up to date.
"""

import json
import re
import shutil
import subprocess
import sys

import jupytext
import nbformat
import pytest
from cells import run_notebook

from smwm_book import paths
from smwm_book.experiments import checkpoints
from smwm_book.notebooks import run as notebooks
from smwm_book.production import build, gallery
from smwm_book.tables import scorecard
from smwm_core.errors import SMWMError

NAMES = list(notebooks.sources())
PARAMETERS = {"preset", "seed", "device", "recompute"}


def executed(name):
    return nbformat.read(paths.NOTEBOOKS / f"{name}.ipynb", as_version=4)


def test_there_are_notebooks_and_each_is_executed():
    assert NAMES
    assert sorted(path.stem for path in paths.NOTEBOOKS.glob("*.ipynb")) == NAMES


@pytest.mark.parametrize("name", NAMES)
def test_executed_notebook_is_its_source(name):
    source = jupytext.read(paths.NOTEBOOKS / f"{name}.py")
    outcome = [cell for cell in executed(name).cells if "injected-parameters" not in cell.metadata.get("tags", [])]
    assert [(c.cell_type, c.source, c.metadata.get("tags")) for c in outcome] == [
        (c.cell_type, c.source, c.metadata.get("tags")) for c in source.cells
    ]
    assert [c.metadata.get("mystnb") for c in outcome] == [c.metadata.get("mystnb") for c in source.cells]


@pytest.mark.parametrize("name", NAMES)
def test_committed_notebook_has_the_default_parameters(name):
    notebook = executed(name)
    assert notebook.metadata["smwm"]["parameters"] == {}
    tagged = [cell for cell in notebook.cells if "parameters" in cell.metadata.get("tags", [])]
    assert len(tagged) == 1
    assert set(re.findall(r"^(\w+):", tagged[0].source, re.MULTILINE)) == PARAMETERS
    assert not any("injected-parameters" in cell.metadata.get("tags", []) for cell in notebook.cells)


@pytest.mark.parametrize("name", NAMES)
def test_every_code_cell_ran_in_order_without_error(name):
    cells = [cell for cell in executed(name).cells if cell.cell_type == "code"]
    assert [cell.execution_count for cell in cells] == list(range(1, len(cells) + 1))
    assert not any(output.output_type == "error" for cell in cells for output in cell.outputs)
    assert not any(output.get("name") == "stderr" for cell in cells for output in cell.outputs)


@pytest.mark.parametrize("name", NAMES)
def test_something_is_compared_by_nbval(name):
    checked = [cell for cell in executed(name).cells if "nbval-check-output" in cell.metadata.get("tags", [])]
    assert checked
    for cell in checked:
        assert cell.execution_count
        assert re.search(r"\d\.\d", "".join(output.text for output in cell.outputs))


@pytest.mark.parametrize("name", NAMES)
def test_every_picture_has_caption_and_alt_text(name):
    pictures = [
        cell
        for cell in executed(name).cells
        if any("image/png" in output.get("data", {}) for output in cell.get("outputs", []))
    ]
    assert pictures
    for cell in pictures:
        settings = cell.metadata.mystnb
        assert len(settings["figure"]["caption"]) > 80
        assert len(settings["image"]["alt"]) > 60


@pytest.mark.parametrize("path", sorted(p.relative_to(paths.REPOSITORY) for p in paths.NOTEBOOKS.glob("*.ipynb")))
def test_no_machine_paths(path):
    assert not re.search(r"(/home/|/root/|/work/|/tmp/|[A-Z]:\\\\)", (paths.REPOSITORY / path).read_text())


def test_nbval_notices_one_changed_digit(tmp_path):
    name = "fig3_latent_rollout"
    notebook = executed(name)
    nbformat.write(notebook, tmp_path / "unchanged.ipynb")
    cell = next(cell for cell in notebook.cells if "nbval-check-output" in cell.metadata.get("tags", []))
    text = cell.outputs[0].text
    position = re.search(r"\d\.\d", text).end() - 1
    cell.outputs[0].text = text[:position] + str((int(text[position]) + 1) % 10) + text[position + 1 :]
    nbformat.write(notebook, tmp_path / "changed.ipynb")
    command = [sys.executable, "-m", "pytest", "--nbval-lax", "--nbval-current-env", "-q", "-o", "filterwarnings="]
    finished = subprocess.run(
        [*command, str(tmp_path)], capture_output=True, text=True, check=False, cwd=paths.REPOSITORY
    )
    assert finished.returncode == 1
    assert " 1 failed" in finished.stdout.replace("\n", " ")
    assert "changed.ipynb::" in finished.stdout
    assert "unchanged.ipynb::" not in finished.stdout
    assert "mismatch 'stdout'" in finished.stdout


@pytest.fixture(scope="module")
def scratch(tmp_path_factory):
    return tmp_path_factory.mktemp("data")


@pytest.mark.parametrize("name", NAMES)
def test_notebook_trains_from_nothing_and_reads_what_it_wrote(name, scratch, monkeypatch):
    monkeypatch.setenv("SMWM_DATA", str(scratch))
    monkeypatch.setenv("SMWM_PUBLISH", "1")
    asked = {"preset": "smoke", "seed": 3, "device": "cpu"}
    run_notebook(name, **asked, recompute=True)
    path = scratch / "results" / name / "smoke_seed3.json"
    settled = path.read_bytes()
    results = json.loads(settled)
    assert results["seeds"] in ([3, 4], [3])  # pages that are there to be looked at have one seed
    assert results["metrics"]
    assert results["provenance"]["command"].endswith("--preset smoke --seed 3 --recompute")
    monkeypatch.delenv("SMWM_PUBLISH")
    scope = run_notebook(name, **asked, recompute=False)
    assert scope["results"].metrics == results["metrics"]
    assert not scope["page"].redo
    assert path.read_bytes() == settled


def test_a_notebook_is_trained_and_read_in_kernels(scratch, monkeypatch):
    monkeypatch.setenv("SMWM_DATA", str(scratch))
    output = notebooks.run("fig3_latent_rollout", preset="smoke", seed=3, device="cpu", recompute=True)
    assert output.is_relative_to(scratch)
    shown = nbformat.read(output, as_version=4)
    assert shown.metadata["smwm"]["parameters"] == {"preset": "smoke", "seed": 3, "device": "cpu"}
    assert any("image/png" in part.get("data", {}) for cell in shown.cells for part in cell.get("outputs", []))


def test_a_planning_notebook_trains_vision_transformers_and_is_read_again(scratch, monkeypatch):
    monkeypatch.setenv("SMWM_DATA", str(scratch))
    monkeypatch.setenv("SMWM_PUBLISH", "1")
    name, asked = "fig9_horizon", {"preset": "paper_smoke", "seed": 3, "device": "cpu"}
    run_notebook(name, **asked, recompute=True)
    path = scratch / "results" / name / "paper_smoke_seed3.json"
    settled = path.read_bytes()
    assert json.loads(settled)["provenance"]["command"].endswith("--preset paper_smoke --seed 3 --recompute")
    trained = {p.parent.name: p.stat().st_mtime_ns for p in scratch.rglob("*_vit_2epochsx16_*/weights.safetensors")}
    assert len(trained) == 3  # one for each method
    monkeypatch.delenv("SMWM_PUBLISH")
    run_notebook(name, **asked, recompute=False)
    assert path.read_bytes() == settled
    again = {p.parent.name: p.stat().st_mtime_ns for p in scratch.rglob("*_vit_2epochsx16_*/weights.safetensors")}
    assert again == trained


def test_a_failed_run_leaves_the_former_notebook_untouched(tmp_path, monkeypatch):
    monkeypatch.setenv("SMWM_DATA", str(tmp_path))
    former = tmp_path / "former.ipynb"
    former.write_text("what was there before")
    with pytest.raises(SMWMError, match="train them with --recompute"):
        notebooks.execute(NAMES[0], {}, former)
    assert former.read_text() == "what was there before"


def test_an_unknown_parameter_is_refused(tmp_path):
    with pytest.raises(SMWMError, match=r"no parameter of .* named 'presett'"):
        notebooks.execute(NAMES[0], {"presett": "smoke"}, tmp_path / "out.ipynb")
    assert not (tmp_path / "out.ipynb").exists()


def test_generated_pages_are_up_to_date():
    parts = scorecard.parts()
    pages = {"book/scorecard.md": parts.keys() - {"front"}, "book/intro.md": ["verdicts", "front"]}
    for page, names in {**pages, "README.md": ["verdicts"]}.items():
        for name in names:
            assert parts[name] in (paths.REPOSITORY / page).read_text(), f"{page} needs `smwm pages`"
    table = (paths.REPOSITORY / "book" / "scorecard.csv").read_text().splitlines()
    assert len(table) == 1 + len(list(scorecard.csv_rows()))
    assert scorecard.readme_table() in (paths.REPOSITORY / "README.md").read_text()
    pictures = paths.REPOSITORY / "book" / "_static" / "gallery"
    assert sorted(path.stem for path in pictures.iterdir()) == NAMES
    for name in NAMES:
        assert (pictures / f"{name}.png").read_bytes() == gallery.first_figure(paths.NOTEBOOKS / f"{name}.ipynb")


def test_every_published_checkpoint_is_in_the_manifest_and_whole():
    files = {path.name for path in checkpoints.folder().glob("*.safetensors")}
    assert files == set(checkpoints.read_manifest())
    assert files
    for name in files:
        checkpoints.verify(checkpoints.folder() / name)


def test_every_file_of_the_toc_exists():
    entries = re.findall(r"(?:root|file): (\S+)", (paths.REPOSITORY / "_toc.yml").read_text())
    for entry in entries:
        assert any((paths.REPOSITORY / f"{entry}{suffix}").exists() for suffix in (".md", ".ipynb"))
    assert {entry.removeprefix("notebooks/") for entry in entries if entry.startswith("notebooks/")} == set(NAMES)


def minutes_to_read(page: str) -> float:
    """At 200 words a minute, half a minute for each figure; exercises are extra."""
    if page.endswith(".md"):
        text = (paths.REPOSITORY / "book" / page).read_text()
        return len(text.split()) / 200 + text.count("```{figure}") / 2
    cells = jupytext.read(paths.NOTEBOOKS / f"{page}.py").cells
    told = [
        c.source
        for c in cells
        if c.cell_type == "markdown" and not {"exercise", "solution"} & {*c.metadata.get("tags", [])}
    ]
    captions = [c.metadata.mystnb["figure"]["caption"] for c in cells if c.metadata.get("mystnb", {}).get("figure")]
    return len(" ".join(told + captions).split()) / 200 + len(captions) / 2


def test_the_map_of_the_chapters_has_every_page_and_its_minutes():
    rows = re.findall(
        r"^\| \[\]\((\S+?)\) \|.*\| (\d+) \|", (paths.REPOSITORY / "book" / "intro.md").read_text(), re.MULTILINE
    )
    pages = {page.removeprefix("../notebooks/").removesuffix(".ipynb"): int(minutes) for page, minutes in rows}
    assert set(pages) == {"method.md", "train_it_yourself.md", "gpu.md", "beyond.md", *NAMES}
    for page, minutes in pages.items():
        assert abs(minutes - minutes_to_read(page)) <= 1, f"{page} takes {minutes_to_read(page):.1f} minutes"


def test_committed_results_come_from_committed_code():
    tracked = subprocess.run(
        ["git", "-C", str(paths.REPOSITORY), "ls-files", "data/results/*.json"],
        capture_output=True,
        text=True,
        check=True,
    ).stdout.split()
    assert tracked
    for path in (paths.REPOSITORY / name for name in tracked):
        origin = json.loads(path.read_text())["provenance"]
        assert re.fullmatch(r"[0-9a-f]{12}", origin["commit"]), f"{path.name} was made from uncommitted code"


def test_the_eight_lines_of_the_method_page_are_the_objective(monkeypatch):
    import torch

    from smwm_core.losses.objective import Objective
    from smwm_core.losses.smwm import forward_loss, inverse_loss
    from smwm_core.seeds import generator
    from smwm_core.training.config import ToyConfig
    from smwm_core.training.toy import build_model
    from smwm_core.worlds import make_world

    code = re.search(r"```python\n(.*?)```", (paths.REPOSITORY / "book" / "method.md").read_text(), re.DOTALL)[1]
    assert len(code.splitlines()) == 8
    world = make_world("dots/single")
    batch = world.sample(8, generator(0, "test"))
    model = build_model(ToyConfig(), seed=1)
    z, z_next = model.encode(world.render(batch.state)), model.encode(world.render(batch.next_state))
    expected = Objective(inverse=10)(model, z, batch.action, z_next)["loss"].item()
    before = model.encoder.head.weight.detach().clone()
    scope = {
        "model": model,
        "world": world,
        "batch": batch,
        "lam": 10,
        "forward_loss": forward_loss,
        "inverse_loss": inverse_loss,
        "optimizer": torch.optim.SGD(model.parameters(), lr=0.1),
    }
    exec(code, scope)
    assert scope["loss"].item() == pytest.approx(expected, rel=1e-5)
    assert not torch.equal(before, model.encoder.head.weight)


def test_generated_pages_do_not_change_when_written_again(tmp_path):
    shutil.copytree(paths.NOTEBOOKS, tmp_path / "notebooks")
    shutil.copytree(paths.REPOSITORY / "book", tmp_path / "book")
    shutil.copy(paths.REPOSITORY / "README.md", tmp_path)
    build.write_generated(tmp_path)
    for name in ("README.md", "book/intro.md", "book/gpu.md", "book/scorecard.md", "book/scorecard.csv"):
        assert (tmp_path / name).read_text() == (paths.REPOSITORY / name).read_text()
