"""Claims about fetching the released data sets, from a server on this machine.

1. A file arrives whole, is not fetched twice, and an interrupted download goes on where it stopped.
2. A server that sends all of it again, or passes the request on to another, gives the same file.
3. A missing, changed or unreachable file, a disk that is too full and a broken connection are one sentence each.
4. The table has every task whose files can be read, each at a fixed revision.
"""

import hashlib
import random
import re
import shutil
import subprocess
import tarfile
from pathlib import Path
from types import SimpleNamespace

import pytest
from tqdm import tqdm

from smwm_book.experiments.download import fetch
from smwm_core.errors import SMWMError
from smwm_core.storage.schemas import STATES
from smwm_core.worlds.lewm.release import RELEASES, Release

CONTENT = random.Random(0).randbytes(100_000)
DIGEST = hashlib.sha256(CONTENT).hexdigest()


@pytest.fixture
def server(file_server, monkeypatch, tmp_path):
    monkeypatch.setenv("SMWM_DATA", str(tmp_path))
    file_server.files = {"tworoom.tar.zst": CONTENT, "cube.tar.zst": CONTENT}
    for task, path in {
        "tworoom": "here/tworoom.tar.zst",
        "pusht": "missing/pusht.h5.zst",
        "cube": "moved/cube.tar.zst",
    }.items():
        monkeypatch.setitem(RELEASES, task, Release(f"{file_server.url}/{path}", len(CONTENT), DIGEST))
    return file_server


def folder(tmp_path) -> set[str]:
    return {path.name for path in (tmp_path / "cache" / "released").iterdir()} - {"lock"}


def part(tmp_path) -> Path:
    """What has come so far."""
    (found,) = (tmp_path / "cache" / "released").glob("*.part")
    return found


def interrupt(server, task: str = "tworoom", after: int = 30_000) -> None:
    server.breaks_after = after
    with pytest.raises(SMWMError, match=r"the same command goes on from there\.$"):
        fetch(task)
    server.breaks_after = None


def test_a_file_arrives_whole_and_only_once(server, tmp_path):
    release = fetch("tworoom")
    assert release.path == tmp_path / "cache" / "released" / "tworoom.tar.zst"
    assert release.path.read_bytes() == CONTENT
    assert folder(tmp_path) == {"tworoom.tar.zst"}
    assert fetch("tworoom") == release
    assert server.asked == [("/here/tworoom.tar.zst", None)]


def test_an_interrupted_download_goes_on_where_it_stopped(server, tmp_path):
    interrupt(server)
    assert folder(tmp_path) == {part(tmp_path).name}
    interrupt(server, after=20_000)
    assert fetch("tworoom").path.read_bytes() == CONTENT
    assert [wanted for _, wanted in server.asked] == [None, "bytes=30000-", "bytes=50000-"]


def test_a_download_that_was_stopped_at_the_last_byte_is_only_renamed(server, tmp_path):
    interrupt(server)
    part(tmp_path).write_bytes(CONTENT)
    assert fetch("tworoom").path.read_bytes() == CONTENT
    assert len(server.asked) == 1


def test_a_server_that_sends_all_of_it_again_gives_the_same_file(server):
    interrupt(server)
    server.ranges = False
    assert fetch("tworoom").path.read_bytes() == CONTENT


def test_a_request_that_is_passed_on_still_asks_for_the_rest(server):
    interrupt(server, "cube")
    assert fetch("cube").path.read_bytes() == CONTENT
    assert server.asked[-2:] == [("/moved/cube.tar.zst", "bytes=30000-"), ("/here/cube.tar.zst", "bytes=30000-")]


def test_an_interruption_by_hand_keeps_what_came(server, monkeypatch, tmp_path):
    class Bar(tqdm):
        def update(self, n=1):
            raise KeyboardInterrupt

    monkeypatch.setattr("smwm_book.experiments.download._CHUNK", 10_000)
    with monkeypatch.context() as patched:
        patched.setattr("smwm_book.experiments.download.tqdm", Bar)
        with pytest.raises(KeyboardInterrupt):
            fetch("tworoom")
    assert part(tmp_path).stat().st_size == 10_000
    assert fetch("tworoom").path.read_bytes() == CONTENT


def test_a_missing_file_is_one_sentence(server, tmp_path):
    with pytest.raises(SMWMError, match=r"^The server refused http\S*/missing/pusht\.h5\.zst \(404 Not Found\)\.$"):
        fetch("pusht")
    assert folder(tmp_path) == set()


@pytest.mark.parametrize("resumed", [False, True])
@pytest.mark.parametrize("size", [99_999, 100_001])
def test_a_changed_file_is_refused_before_a_byte_is_written(server, tmp_path, size, resumed):
    if resumed:
        interrupt(server)
    server.files["tworoom.tar.zst"] = bytes(size)
    with pytest.raises(SMWMError, match=rf"has {size:,} bytes instead of 100,000; it is not the released file"):
        fetch("tworoom")
    if resumed:
        assert part(tmp_path).read_bytes() == CONTENT[:30_000]
    else:
        assert folder(tmp_path) == set()


def test_a_part_that_is_too_large_is_refused(server, tmp_path):
    interrupt(server)
    part(tmp_path).write_bytes(CONTENT + b"!")
    with pytest.raises(SMWMError, match="has 100,001 bytes, but should have 100,000; delete it and fetch again"):
        fetch("tworoom")


def test_a_server_that_is_not_there_is_one_sentence(server, monkeypatch):
    monkeypatch.setitem(RELEASES, "tworoom", Release("http://127.0.0.1:1/tworoom.tar.zst", 10))
    with pytest.raises(
        SMWMError, match=r"^Fetching http\S* failed \(.*refused.*\); the same command goes on from there"
    ):
        fetch("tworoom")


def test_a_disk_that_is_too_full_is_refused_before_anything_is_asked(server, monkeypatch):
    monkeypatch.setitem(RELEASES, "tworoom", Release(f"{server.url}/here/tworoom.tar.zst", 46_000_000_000))
    monkeypatch.setattr(shutil, "disk_usage", lambda _: SimpleNamespace(free=45_900_000_000))
    with pytest.raises(SMWMError, match=r"tworoom\.tar\.zst needs 46\.0 GB more, but the disk of .* has 45\.9 GB left"):
        fetch("tworoom")
    assert server.asked == []


def test_only_what_is_missing_must_fit_on_the_disk(server, monkeypatch):
    interrupt(server)
    monkeypatch.setattr(shutil, "disk_usage", lambda _: SimpleNamespace(free=70_000))
    assert fetch("tworoom").path.read_bytes() == CONTENT


def test_every_file_that_can_be_read_can_be_fetched():
    assert RELEASES.keys() == STATES.keys()
    for release in RELEASES.values():
        assert re.fullmatch(
            r"https://huggingface\.co/datasets/quentinll/lewm-\w+/resolve/[0-9a-f]{40}/\w+\.(tar|h5)\.zst", release.url
        )
        assert release.size > 1e9
    with pytest.raises(SMWMError, match="no released data set named 'chess'; choose one of: cube, pusht, reacher, two"):
        fetch("chess")


@pytest.mark.skipif(not shutil.which("zstd"), reason="there is no zstd here")
@pytest.mark.parametrize("ending", ["tar", "h5"])
def test_the_command_unpacks_the_file(server, monkeypatch, tmp_path, ending):
    monkeypatch.setenv("SMWM_DATA", str(tmp_path / "a folder"))
    plain = tmp_path / "small.h5"
    plain.write_bytes(CONTENT)
    if ending == "tar":
        with tarfile.open(tmp_path / "small.tar", "w") as archive:
            archive.add(plain, "small.h5")
    subprocess.run(["zstd", "-q", str(tmp_path / f"small.{ending}")], check=True)
    release = Release(f"{server.url}/small.{ending}.zst", 0)
    release.path.parent.mkdir(parents=True)
    (tmp_path / f"small.{ending}.zst").rename(release.path)
    subprocess.run(release.unpacking, shell=True, check=True, capture_output=True)
    assert (release.path.parent / "small.h5").read_bytes() == CONTENT
