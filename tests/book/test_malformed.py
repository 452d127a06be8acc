"""Claims about files that are malformed, made by ``tests/malformed.py`` for every reader there is.

1. Each of more than 1,800 is refused in one sentence, within five seconds of work and a gigabyte of memory, and no file
   changes; on the command line, a sample of them ends with exit status 2.
2. Flipped bits that leave a file whole are told only by a digest: where the manifest has one, none is overlooked.
"""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

TESTS = Path(__file__).parents[1]


@pytest.fixture(scope="module")
def report(tmp_path_factory) -> dict:
    environment = {**os.environ, "PYTHONPATH": f"{TESTS.parent}:{TESTS}", "OMP_NUM_THREADS": "1"}
    folder = tmp_path_factory.mktemp("malformed")
    command = [sys.executable, str(TESTS / "malformed.py"), str(folder)]
    finished = subprocess.run(command, env=environment, capture_output=True, text=True)
    assert finished.returncode == 0, finished.stderr[-3000:]
    return json.loads(finished.stdout)


def test_what_is_malformed_is_refused_in_one_sentence(report):
    assert not report["wrong"]
    made = sum(count for counts in report["found"].values() for what, count in counts.items() if what != "commands")
    refused = sum(counts["refused"] for counts in report["found"].values())
    assert made >= 1_800
    assert refused >= 1_650
    assert sum(counts.get("commands", 0) for counts in report["found"].values()) >= 80


def test_a_digest_overlooks_no_flipped_bit(report):
    assert report["found"]["published weights"].keys() == {"refused", "commands"}
    # Without one, the checksums of the format find them, or nothing does: .npy, safetensors and HDF5 have none.
    without = {reader for reader, counts in report["found"].items() if counts.get("other", 0) > 5}
    assert without <= {"weights", "frames", "released data"}
