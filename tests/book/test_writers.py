"""Claims about writing: nothing is half written, and two writers lose nothing.

1. A reader beside two writers of a file always meets a whole one; a writer that fails leaves the former file.
2. Two processes that publish at the same time lose no entry of the manifest.
3. What the file system refuses is one sentence on the command line.
"""

import errno
import json
import os
import subprocess
import sys

import pytest

from smwm_book import cli
from smwm_book.experiments import checkpoints
from smwm_core.storage.files import write_text, write_whole

WRITER = """
import sys
from pathlib import Path
from smwm_core.storage.files import write_text
for k in range(300):
    write_text(Path(sys.argv[1]), sys.argv[2] * 50_000)
"""
PUBLISHER = """
import sys
from pathlib import Path
from smwm_book.experiments import checkpoints
for k in range(12):
    checkpoints.publish(Path(sys.argv[1]), f"{sys.argv[2]}{k}.safetensors")
"""


def both(program: str, path, data=None) -> list[subprocess.Popen]:
    environment = {**os.environ, **({"SMWM_DATA": str(data)} if data else {})}
    return [subprocess.Popen([sys.executable, "-c", program, str(path), letter], env=environment) for letter in "ab"]


def test_a_reader_beside_two_writers_meets_whole_files(tmp_path):
    path, seen = tmp_path / "file.txt", set()
    write_text(path, "a" * 50_000)
    writers = both(WRITER, path)
    while any(writer.poll() is None for writer in writers):
        seen.add(path.read_text())
    assert [writer.returncode for writer in writers] == [0, 0]
    assert seen <= {"a" * 50_000, "b" * 50_000}
    assert os.listdir(tmp_path) == ["file.txt"]


def test_a_writer_that_fails_leaves_the_former_file_and_no_other(tmp_path):
    path = tmp_path / "file.txt"
    write_text(path, "former")

    def failing(unfinished):
        unfinished.write_text("half")
        raise OSError(errno.ENOSPC, "No space left on device")

    with pytest.raises(OSError, match="No space left"):
        write_whole(path, failing)
    assert path.read_text() == "former"
    assert os.listdir(tmp_path) == ["file.txt"]


def test_two_publishers_lose_no_entry(tmp_path, monkeypatch):
    weights = tmp_path / "weights"
    weights.write_bytes(b"some weights")
    publishers = both(PUBLISHER, weights, data=tmp_path / "data")
    assert [publisher.wait() for publisher in publishers] == [0, 0]
    monkeypatch.setenv("SMWM_DATA", str(tmp_path / "data"))
    names = {f"{letter}{k}.safetensors" for letter in "ab" for k in range(12)}
    assert checkpoints.read_manifest().keys() == names
    assert set(os.listdir(tmp_path / "data" / "checkpoints")) == names | {"manifest.json"}
    assert json.loads((tmp_path / "data" / "checkpoints" / "manifest.json").read_text())


def test_a_file_where_a_folder_should_be_is_one_sentence(tmp_path, monkeypatch, capsys):
    (tmp_path / "file").write_text("in the way")
    monkeypatch.setenv("SMWM_DATA", str(tmp_path / "file"))
    assert cli.main(["data", "generate", "tworoom/20"]) == 2
    said = capsys.readouterr().err
    assert said.startswith("The file system refused '")
    assert said.endswith("nothing was replaced.\n")
    assert said.count("\n") == 1
    assert (tmp_path / "file").read_text() == "in the way"
