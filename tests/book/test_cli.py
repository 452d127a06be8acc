"""Claims about the command line: a mistake costs one sentence on stderr and exit status 2, nothing more."""

import re
import subprocess
import sys
import tomllib
from dataclasses import replace

import papermill
import pytest
import torch

import smwm_core
from smwm_book import paths
from smwm_book.cli import main
from smwm_book.notebooks import run as notebooks
from smwm_core import worlds
from smwm_core.storage.versions import VERSIONS
from smwm_core.worlds.lewm.release import RELEASES
from smwm_core.worlds.recorded.episodes import Episodes

NOTEBOOK = "fig2_dot_world"


@pytest.fixture(autouse=True)
def nothing_is_executed(monkeypatch, tmp_path):
    """A mistake that slips through must not start a notebook or write into the repository."""
    monkeypatch.setenv("SMWM_DATA", str(tmp_path))
    monkeypatch.setattr(papermill, "execute_notebook", lambda *_, **__: pytest.fail("executed a notebook"))


def assert_one_sentence(printed: str, *words: str) -> None:
    assert printed.count("\n") == 1
    assert printed.endswith(".\n")
    assert "Traceback" not in printed
    for word in words:
        assert word in printed


MISTAKES = {
    "no command": ([], "COMMAND"),
    "unknown command": (["fly"], "'fly'"),
    "no notebook": (["run"], "notebook"),
    "unknown notebook": (["run", "fig99", "--preset", "smoke"], "no notebook named 'fig99'; choose one of", NOTEBOOK),
    "unknown preset": (
        ["run", NOTEBOOK, "--preset", "huge"],
        "no preset named 'huge'; choose one of: laptop, overnight, paper, paper_released, paper_smoke, smoke",
    ),
    "unknown device": (["run", NOTEBOOK, "--device", "tpu"], "no device named 'tpu'", "auto, cpu, cuda"),
    "device too many": (["run", NOTEBOOK, "--device", "cuda:77"], "'cuda:77' is not here"),
    "device far too many": (["run", NOTEBOOK, "--device", "cuda:999"], "cuda:999"),
    "device beyond numbers": (["run", NOTEBOOK, "--device", "cuda:99999999999"], "cuda:99999999999"),
    "device with a leading zero": (["run", NOTEBOOK, "--device", "cuda:00"], "cuda:00"),
    "unknown parameter": (["run", NOTEBOOK, "--speed", "9"], "--speed"),
    "a seed that is no number": (["run", NOTEBOOK, "--seed", "one"], "--seed", "'one'"),
    "a parameter without value": (["run", NOTEBOOK, "--preset"], "--preset"),
    "an argument too many": (["list", "everything"], "everything"),
    "no folder for students": (["student"], "folder"),
    "no action on data": (["data"], "ACTION"),
    "unknown planning task": (
        ["data", "generate", "chess"],
        "no planning task named 'chess'",
        "cube, pusht",
    ),
    "a number of episodes that is none": (["data", "generate", "pusht/many"], "pusht/many should end with a number"),
    "no worker": (["data", "generate", "tworoom", "--workers", "0"], "at least one process, not 0"),
    "nothing recorded": (["data", "info", "pusht"], "Nothing is recorded of pusht yet; `smwm data gen"),
    "a recording of an unknown task": (
        ["data", "info", "chess"],
        "no planning task named 'chess'",
        "cube, pusht",
    ),
    "a release of an unknown task": (["data", "fetch", "chess"], "no released data set named 'chess'", "cube, pusht"),
    "a file that is not there": (["data", "check", "none.h5", "--task", "pusht"], "There is no file", "none.h5"),
    "a file of an unknown task": (["data", "check", "none.h5", "--task", "chess"], "no task named 'chess'"),
    "a check-up of nothing": (["checkup"], "name"),
    "a check-up of unknown weights": (["checkup", "chess"], "No weights are named 'chess'", "checkpoints has none"),
    "a check-up of a file that is not there": (["checkup", "none.safetensors"], "There is no checkpoint none"),
    "a file without its task": (["data", "check", "none.h5"], "--task"),
}


@pytest.mark.parametrize("mistake", MISTAKES)
def test_a_mistake_is_one_sentence_and_exit_status_2(mistake, capsys):
    arguments, *words = MISTAKES[mistake]
    assert main(arguments) == 2
    printed = capsys.readouterr()
    assert printed.out == ""
    assert_one_sentence(printed.err, *words)


@pytest.mark.skipif(torch.cuda.is_available(), reason="there is a CUDA device here")
def test_cuda_where_there_is_none_is_a_mistake(capsys):
    assert main(["run", NOTEBOOK, "--device", "cuda"]) == 2
    assert_one_sentence(capsys.readouterr().err, "'cuda' is not here", "use device cpu or auto")


def test_list_prints_every_notebook_with_its_title(capsys):
    assert main(["list"]) == 0
    printed = capsys.readouterr()
    names = sorted(path.stem for path in paths.NOTEBOOKS.glob("*.py"))
    assert NOTEBOOK in names
    lines = printed.out.splitlines()
    assert [line.split()[0] for line in lines] == names
    for name, line in zip(names, lines, strict=True):
        assert line.removeprefix(name).strip() == notebooks.title(name) != ""
    assert printed.err == ""


def test_run_hands_its_options_to_the_notebook(capsys, monkeypatch):
    asked = {}
    monkeypatch.setattr(
        notebooks, "run", lambda name, **options: asked.update(name=name, **options) or paths.REPOSITORY / "x.ipynb"
    )
    assert main(["run", NOTEBOOK, "--preset", "smoke", "--seed", "3", "--device", "cpu", "--recompute"]) == 0
    assert asked == {"name": NOTEBOOK, "preset": "smoke", "seed": 3, "device": "cpu", "recompute": True, "changes": []}
    assert main(["run", NOTEBOOK]) == 0
    assert asked == {
        "name": NOTEBOOK,
        "preset": "laptop",
        "seed": 0,
        "device": "auto",
        "recompute": False,
        "changes": [],
    }
    assert capsys.readouterr().out.splitlines() == ["x.ipynb"] * 2


def test_an_interruption_says_how_to_go_on(capsys, monkeypatch):
    def interrupted(*_, **__):
        raise KeyboardInterrupt

    monkeypatch.setattr(notebooks, "run", interrupted)
    assert main(["run", NOTEBOOK]) == 130
    assert_one_sentence(capsys.readouterr().err, "the same command continues where it stopped")


def test_a_bug_keeps_its_traceback(monkeypatch):
    def buggy(*_, **__):
        raise ZeroDivisionError

    monkeypatch.setattr(notebooks, "run", buggy)
    with pytest.raises(ZeroDivisionError):
        main(["run", NOTEBOOK])


def test_the_module_runs_as_a_program():
    command = [sys.executable, "-m", "smwm_book", "run", "fig99"]
    finished = subprocess.run(command, capture_output=True, text=True, cwd=paths.REPOSITORY)
    assert (finished.returncode, finished.stdout) == (2, "")
    assert_one_sentence(finished.stderr, "no notebook named 'fig99'")


def test_without_the_book_tools_the_command_line_says_what_to_install(capsys, monkeypatch):
    monkeypatch.setitem(sys.modules, "jupytext", None)
    monkeypatch.delitem(sys.modules, "smwm_book.notebooks.run", raising=False)
    assert main(["list"]) == 2
    assert_one_sentence(capsys.readouterr().err, "needs the package jupytext", "pip install -r requirements.txt")


@pytest.mark.parametrize(
    "words", [["list"], ["run", NOTEBOOK], ["reproduce"], ["pages"], ["student", "folder"], ["book"]]
)
def test_what_needs_the_repository_says_so_outside_a_clone(words, capsys, monkeypatch, tmp_path):
    monkeypatch.setattr(paths, "REPOSITORY", tmp_path)
    monkeypatch.setattr(paths, "NOTEBOOKS", tmp_path / "notebooks")
    assert main(words) == 2
    assert_one_sentence(capsys.readouterr().err, "needs a clone of the repository")
    assert not list(tmp_path.iterdir())


def test_the_version_is_the_same_everywhere():
    project = tomllib.loads((paths.REPOSITORY / "pyproject.toml").read_text())
    assert project["tool"]["setuptools"]["dynamic"]["version"] == {"attr": "smwm_core.__version__"}
    for name, mark in {"CITATION.cff": "version: ", "CHANGELOG.md": "## "}.items():
        text = (paths.REPOSITORY / name).read_text()
        assert re.search(rf"^{mark}([0-9.]+)", text, re.MULTILINE)[1] == smwm_core.__version__


def test_episodes_are_collected_and_described(capsys, monkeypatch):
    monkeypatch.setitem(worlds.SIMULATORS, "tworoom", (worlds.TwoRoom, 240))
    assert main(["data", "generate", "tworoom", "--workers", "1"]) == 0
    printed = capsys.readouterr().out
    assert re.fullmatch(
        r"240 episodes of \d+ to 100 steps, \d\d,\d{3} in all; states of 2 and actions of 2 numbers\n", printed
    )


def test_another_number_of_episodes_can_be_collected(capsys, tmp_path):
    assert main(["data", "generate", "tworoom/40", "--workers", "1"]) == 0
    assert capsys.readouterr().out.startswith("40 episodes")
    (path,) = tmp_path.rglob("episodes.npz")
    assert path.parent.name.startswith("tworoom_40_")


def test_what_is_recorded_is_told(capsys, monkeypatch, tmp_path):
    monkeypatch.setitem(worlds.SIMULATORS, "tworoom", (worlds.TwoRoom, 500))
    assert main(["data", "generate", "tworoom", "--workers", "1"]) == 0
    described = capsys.readouterr().out
    (path,) = tmp_path.rglob("episodes.npz")
    assert main(["data", "info", "tworoom"]) == 0
    where, what, actions = capsys.readouterr().out.splitlines(keepends=True)
    assert where == f"{path}: {path.stat().st_size / 1e6:.1f} MB\n"
    assert what == described
    recorded = Episodes.load(path).action
    recorded = recorded[torch.isfinite(recorded).all(1)].numpy()
    numbers = [float(number) for number in re.findall(r"-?\d+\.\d+", actions)]
    assert numbers == pytest.approx([*recorded.mean(0), *recorded.std(0)], abs=1e-3)

    monkeypatch.setitem(VERSIONS, "tworoom", 99)
    assert main(["data", "info", "tworoom"]) == 2
    assert "Nothing is recorded of tworoom yet" in capsys.readouterr().err


def test_a_fetched_file_comes_with_the_command_that_unpacks_it(capsys, monkeypatch, tmp_path):
    (tmp_path / "cache" / "released").mkdir(parents=True)
    for task, words in {"tworoom": "tar --zstd -xf", "pusht": "zstd -d"}.items():
        monkeypatch.setitem(RELEASES, task, replace(RELEASES[task], size=0))
        RELEASES[task].path.touch()
        assert main(["data", "fetch", task]) == 0
        assert_one_sentence(capsys.readouterr().out.replace("`.\n", ".\n"), "is complete; unpack it with", words)


def test_the_former_name_works_and_says_the_new_one():
    printed = []
    for package in ("smwm_core", "smwm_book"):
        command = [sys.executable, "-m", package, "list"]
        finished = subprocess.run(command, capture_output=True, text=True, cwd=paths.REPOSITORY)
        assert finished.returncode == 0
        printed.append((finished.stdout, finished.stderr))
    (former, said), (now, nothing) = printed
    assert former == now
    assert nothing == ""
    assert_one_sentence(said, "smwm", "python -m smwm_book")


def test_a_checkup_prints_the_table_of_the_page_on_own_data(capsys, monkeypatch):
    monkeypatch.setenv("SMWM_DATA", str(paths.REPOSITORY / "data"))
    page = (paths.REPOSITORY / "book" / "own_data.md").read_text()
    name, shown = re.search(r"```\nsmwm checkup (\S+)\n```.*?```text\n(.*?)```", page, re.DOTALL).groups()
    assert main(["checkup", name]) == 0
    printed, number = capsys.readouterr().out, re.compile(r"[\d.,]+( *[\d.,]+)*|-+| +")  # processors round differently
    assert number.sub(" ", printed) == number.sub(" ", shown)
    file = next((paths.REPOSITORY / "data" / "checkpoints").glob("sprite-none*.safetensors"))
    assert main(["checkup", str(file)]) == 2
    assert_one_sentence(capsys.readouterr().err, "The world sprite/none has no action")
