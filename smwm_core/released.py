"""Fetching the data sets that LeWorldModel and the paper were trained on, as they were released.

They are large: a download goes on where it stopped, and does not start on a disk that cannot hold it.
"""

import shlex
import shutil
import urllib.error
import urllib.request
from dataclasses import dataclass
from http.client import HTTPException
from pathlib import Path

from tqdm import tqdm

from smwm_core import paths
from smwm_core.errors import SMWMError, choose
from smwm_core.files import held

_CHUNK = 1 << 20
_PATIENCE = 60  # seconds without a byte


@dataclass(frozen=True)
class Release:
    """One released archive.

    Arguments:
        url: of a fixed revision, so that it cannot change while it is being fetched.
        size: in bytes.
    """

    url: str
    size: int

    @property
    def path(self) -> Path:
        """Where it is fetched to."""
        return paths.data() / "cache" / "released" / self.url.rpartition("/")[2]

    @property
    def unpacking(self) -> str:
        """The command that makes the HDF5 file of it, beside it."""
        archive = paths.shown(self.path)
        if archive.endswith(".tar.zst"):
            return shlex.join(["tar", "--zstd", "-xf", archive, "-C", paths.shown(self.path.parent)])
        return shlex.join(["zstd", "-d", archive])


# The archives of the collection huggingface.co/collections/quentinll/lewm: repository, revision, file and bytes.
_HUB = "https://huggingface.co/datasets/quentinll"
RELEASES = {
    "tworoom": Release(
        f"{_HUB}/lewm-tworooms/resolve/6903a2de048b13819d812da0b4dd661290bc01e4/tworoom.tar.zst", 3_425_937_909
    ),
    "pusht": Release(
        f"{_HUB}/lewm-pusht/resolve/655cd446b9929369d7d406001da85c15d1457850/pusht_expert_train.h5.zst", 13_136_247_974
    ),
    "reacher": Release(
        f"{_HUB}/lewm-reacher/resolve/e70a080d0d04c6072123c9ebd343acf7fff28dbf/reacher.tar.zst", 23_750_614_946
    ),
    "cube": Release(
        f"{_HUB}/lewm-cube/resolve/02a19a67a0dc8c9d6215f89c19e0a597691e152a/cube_single_expert.tar.zst", 46_184_624_478
    ),
}


def fetch(task: str) -> Release:
    """Download the archive of a task into ``data/cache/released/``; what is there already is not fetched again.

    Arguments:
        task: tworoom, pusht, reacher or cube.

    Raises:
        SMWMError: the disk is too full, another process is fetching, the server refuses, cannot be reached or offers
            another file, or the connection broke; the bytes that came are kept, and the same call goes on from there.
    """
    release = choose("released data set", task, RELEASES)
    if release.path.exists():
        return release
    with held(release.path.parent, "fetching a data set"):
        unfinished = release.path.with_name(release.path.name + ".part")
        have = unfinished.stat().st_size if unfinished.exists() else 0
        if have < release.size:
            free = shutil.disk_usage(unfinished.parent).free
            if free < release.size - have:
                raise SMWMError(
                    f"{release.path.name} needs {_gigabytes(release.size - have)} more, but the disk of "
                    f"{paths.shown(release.path.parent)} has {_gigabytes(free)} left; set SMWM_DATA to a larger one."
                )
            _download(release, unfinished, have)
            have = unfinished.stat().st_size
        if have != release.size:
            raise SMWMError(
                f"{paths.shown(unfinished)} has {have:,} bytes, but should have {release.size:,}; "
                + ("the same command goes on from there." if have < release.size else "delete it and fetch again.")
            )
        unfinished.rename(release.path)
    return release


def _download(release: Release, unfinished: Path, have: int) -> None:
    """Append what is missing to the unfinished file."""
    request = urllib.request.Request(release.url, headers={"Range": f"bytes={have}-"} if have else {})
    try:
        with urllib.request.urlopen(request, timeout=_PATIENCE) as answer:
            if have and answer.status != 206:
                have = 0  # the server sends all of it again
            size = have + int(answer.headers.get("Content-Length", release.size - have))
            if size != release.size:
                raise SMWMError(
                    f"{release.url} has {size:,} bytes instead of {release.size:,}; it is not the released file."
                )
            with (
                unfinished.open("r+b" if have else "wb") as file,
                tqdm(
                    desc=f"fetching {release.path.name}",
                    initial=have,
                    total=release.size,
                    unit="B",
                    unit_scale=True,
                    dynamic_ncols=True,
                ) as bar,
            ):
                file.seek(have)
                while part := answer.read(_CHUNK):
                    file.write(part)
                    bar.update(len(part))
    except urllib.error.HTTPError as error:
        raise SMWMError(f"The server refused {release.url} ({error.code} {error.reason}).") from error
    except (OSError, HTTPException) as error:
        raise SMWMError(
            f"Fetching {release.url} failed ({getattr(error, 'reason', error)}); the same command goes on from there."
        ) from error


def _gigabytes(size: int) -> str:
    return f"{size / 1e9:.1f} GB"
