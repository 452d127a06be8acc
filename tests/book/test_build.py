"""Claims about a build that cannot go on, without building anything.

1. A kernel that a busy machine does not let start, answer or live is one sentence, and the former notebook stays.
2. Notebooks that were executed before a build failed are not executed again, unless something changed.
3. A second build at the same time is refused; a whole book takes the place of the former, also after a kill in between.
"""

import nbformat
import papermill
import pytest
from nbclient.exceptions import CellTimeoutError, DeadKernelError

from smwm_book import paths
from smwm_book.notebooks import run as notebooks
from smwm_book.production import build
from smwm_core.errors import SMWMError
from smwm_core.storage.files import locked


@pytest.mark.parametrize(
    "error",
    [
        RuntimeError("Kernel didn't respond in 600 seconds"),
        CellTimeoutError("Timeout waiting for IOPub output"),
        DeadKernelError("Kernel died"),
    ],
)
def test_a_kernel_that_is_not_heard_of_is_one_sentence(tmp_path, monkeypatch, error):
    asked = {}

    def fail(*_, **options):
        asked.update(options)
        raise error

    monkeypatch.setattr(papermill, "execute_notebook", fail)
    (tmp_path / "out.ipynb").write_text("former")
    with pytest.raises(
        SMWMError, match=r"^The kernel of fig2_dot_world did not start.* start the same command again\.$"
    ):
        notebooks.execute("fig2_dot_world", {}, tmp_path / "out.ipynb")
    assert (tmp_path / "out.ipynb").read_text() == "former"
    assert min(asked["start_timeout"], asked["iopub_timeout"]) >= 600


def test_what_was_executed_is_kept(tmp_path, monkeypatch):
    done = []

    def execute(name, parameters, output):
        if len(done) == 3:
            raise SMWMError("The machine is too busy.")
        done.append(name)
        output.parent.mkdir(exist_ok=True)
        nbformat.write(nbformat.v4.new_notebook(), output)

    monkeypatch.setattr(notebooks, "execute", execute)
    with pytest.raises(SMWMError):
        build._executed(tmp_path / "executed")
    first, done = done, []
    with pytest.raises(SMWMError):
        build._executed(tmp_path / "executed")
    assert first + done == list(notebooks.sources())[:6]


def test_changed_inputs_are_noticed(tmp_path, monkeypatch):
    monkeypatch.setenv("SMWM_DATA", str(tmp_path))
    before = build._inputs()
    assert build._inputs() == before
    (tmp_path / "results").mkdir()
    (tmp_path / "results" / "laptop.json").write_text("{}")
    assert build._inputs() != before


def test_a_second_build_is_refused(tmp_path, monkeypatch):
    monkeypatch.setattr(paths, "REPOSITORY", tmp_path)
    with (
        locked(tmp_path / "_build", "building the book"),
        pytest.raises(SMWMError, match="process is building the book"),
    ):
        build.build()


def test_a_whole_book_takes_the_place_of_the_former(tmp_path):
    html, new, former = (tmp_path / name for name in ("html", "new", "former"))
    for folder in (html, new):
        folder.mkdir()
        (folder / folder.name).write_text("a page")
    build._replace(html, new, former)
    assert [path.name for path in html.iterdir()] == ["new"]
    assert [path.name for path in tmp_path.iterdir()] == ["html"]
    html.rename(former)  # as a kill leaves it
    build._let_in(former, html)
    assert [path.name for path in html.iterdir()] == ["new"]
