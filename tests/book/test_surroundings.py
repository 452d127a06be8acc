"""Claims about where a command runs: a sentence at worst, and what was there stays.

1. Relative folders with spaces, quotes and other scripts in their names, LC_ALL=C and no HOME are no trouble.
2. A disk that is full leaves results, manifest and weights as they were.
3. What is published can be read from a folder that nobody may write; who would write there is told so.
4. A reader who stops listening ends a command without a word; one who was never there is no trouble.
5. A reader of results beside a writer always meets a pair that belongs together; arrays of another file are refused.
6. Under `nice` beside two busy loops a page takes longer, and that is all (`make trial`).
"""

import contextlib
import os
import resource
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

import numpy as np
import pytest
from killing import contents, ended, started
from tasks_to_kill import (
    first_publication,
    first_result,
    read_publication,
    read_result,
    second_publication,
    second_result,
)

from smwm_book import cli, paths
from smwm_book.experiments.results import load_results, result_path
from smwm_core.errors import SMWMError

ODD = 'it\'s a "data" folder, ünïcode 数据'
TWO_COMMANDS = """
import sys
from smwm_book.cli import main
sys.exit(main(["data", "generate", "tworoom/20", "--workers", "1"]) or main(["data", "info", "tworoom/20"]))
"""


def test_odd_folders_and_a_bare_environment_are_no_trouble(tmp_path):
    environment = {key: value for key, value in os.environ.items() if key in ("PATH", "PYTHONPATH", "OMP_NUM_THREADS")}
    environment |= {"LC_ALL": "C", "SMWM_DATA": ODD}
    command = [sys.executable, "-c", TWO_COMMANDS]
    done = subprocess.run(command, cwd=tmp_path, env=environment, capture_output=True, encoding="utf-8")
    assert done.returncode == 0, done.stderr
    (path,) = (tmp_path / ODD).rglob("episodes.npz")
    assert str(path) in done.stdout
    assert os.listdir(tmp_path) == [ODD]


@pytest.fixture
def data(tmp_path, monkeypatch):
    """A folder with a result and a publication."""
    monkeypatch.setenv("SMWM_DATA", str(tmp_path))
    first_result(tmp_path)
    first_publication(tmp_path)
    return tmp_path


@contextlib.contextmanager
def full_disk(largest: int):
    """No file of this process can grow larger."""
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (largest, limits[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)


@pytest.mark.parametrize("largest", [0, 200])
@pytest.mark.parametrize("write", [second_result, second_publication])
def test_a_full_disk_leaves_what_was_there(data, write, largest):
    (data / "weights b").write_bytes(b"b" * 50_000)
    before = contents(data / "results") | contents(data / "checkpoints")
    with full_disk(largest), pytest.raises(OSError, match="File too large"):
        write(data)
    assert contents(data / "results") | contents(data / "checkpoints") == before
    assert read_result(data) == 1
    assert set(read_publication(data).values()) == {"a"}


def test_a_full_disk_is_one_sentence(data, capsys):
    with full_disk(2_000):
        assert cli.main(["data", "generate", "tworoom/20", "--workers", "1"]) == 2
    said = capsys.readouterr().err.splitlines()[-1]  # bars come before
    assert said.startswith("The file system refused")
    assert "File too large" in said


@pytest.fixture
def read_only(data):
    """The same in a folder that this process cannot write, even where root runs the tests."""
    folder = Path(tempfile.mkdtemp())  # pytest's own are closed to other users
    shutil.copytree(data, folder / "data")
    for path in (folder, *folder.rglob("*")):
        path.chmod(0o555 if path.is_dir() else 0o444)
    nobody = os.geteuid() == 0
    if nobody:
        os.seteuid(65534)
    yield folder / "data"
    if nobody:
        os.seteuid(0)
    for path in (folder, *folder.rglob("*")):
        path.chmod(0o755)
    shutil.rmtree(folder)


def test_a_read_only_folder_can_be_read(read_only, monkeypatch, capsys):
    before = contents(read_only)
    assert read_result(read_only) == 1
    assert read_publication(read_only) == {"one.safetensors": "a", "two.safetensors": "a"}
    assert cli.main(["checkpoints", "verify"]) == 0
    for write in (second_result, second_publication):
        with pytest.raises(PermissionError):
            write(read_only)
    capsys.readouterr()
    assert cli.main(["data", "generate", "tworoom/20", "--workers", "1"]) == 2
    said = capsys.readouterr().err
    assert (said.count("\n"), "Permission denied" in said) == (1, True)
    assert contents(read_only) == before


def test_a_reader_who_stops_listening_ends_a_command_in_silence(data):
    command = f"{sys.executable} -m smwm_book checkpoints verify"
    heard = subprocess.run(["sh", "-c", f"{{ {command}; echo $? >&2; }} | true"], capture_output=True, text=True)
    assert heard.stderr == "1\n"
    alone = subprocess.run(["sh", "-c", f"{command} >&-"], capture_output=True, text=True)
    assert (alone.returncode, alone.stderr) == (0, "")


def test_a_reader_beside_a_writer_meets_pairs(data):
    def both(folder):
        for _ in range(100):
            second_result(folder)
            first_result(folder)

    writer, met = started(both, data), set()
    while (over := os.waitpid(writer, os.WNOHANG)) == (0, 0):
        met.add(read_result(data))
    assert over == (writer, 0)
    assert met <= {1, 2}
    assert met
    assert not list(data.rglob("*.new"))


def test_two_writers_of_results_leave_one_of_them(data):
    assert [ended(process) for process in [started(task, data) for task in (first_result, second_result) * 5]] == [
        0
    ] * 10
    assert read_result(data) in (1, 2)


def test_arrays_of_another_file_are_refused(data):
    path = result_path("page", "laptop")
    np.savez_compressed(path.with_suffix(".npz"), curve=np.full(5_000, 1.5))
    with pytest.raises(
        SMWMError, match=r"laptop\.npz is not the file whose sha256 .*laptop\.json holds; restore or rec"
    ):
        load_results("page", "laptop")


@pytest.mark.trial
def test_a_page_at_lower_priority_beside_two_busy_loops(tmp_path):
    shutil.copytree(paths.REPOSITORY / "data", tmp_path / "data", ignore=shutil.ignore_patterns("cache"))
    busy = [subprocess.Popen([sys.executable, "-c", "while True: pass"]) for _ in range(2)]
    try:
        command = ["nice", sys.executable, "-m", "smwm_book", "run", "fig3_latent_rollout"]
        environment = {**os.environ, "SMWM_DATA": str(tmp_path / "data")}
        done = subprocess.run(command, env=environment, capture_output=True, text=True)
    finally:
        for process in busy:
            process.kill()
            process.wait()
    assert done.returncode == 0, done.stderr
    assert list((tmp_path / "data" / "cache" / "notebooks").glob("fig3_latent_rollout*.ipynb"))
