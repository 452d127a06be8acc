"""Downloads that show their progress, go on where they stopped, and never take more than was announced."""

import shutil
import urllib.error
import urllib.request
from http.client import HTTPException, InvalidURL
from pathlib import Path

from tqdm import tqdm

from smwm_core.errors import SMWMError, choose
from smwm_core.storage import root
from smwm_core.storage.files import locked
from smwm_core.worlds.lewm.release import RELEASES, Release

_CHUNK = 1 << 20
_PATIENCE = 60  # seconds without a byte


def download(url: str, unfinished: Path, size: int, name: str) -> None:
    """Append to a file what it lacks of the one at a URL; a whole one is not asked for again.

    Arguments:
        url: starts with http:// or https://.
        unfinished: in a folder that exists, ``.part`` after its name.
        size: of the whole file, in bytes.
        name: of the file that it will become, for messages.

    Raises:
        SMWMError: the disk is too full, the server refuses, cannot be reached or offers another file, or the
            connection broke; the bytes that came are kept, and the same call goes on from there.
    """
    have = unfinished.stat().st_size if unfinished.exists() else 0
    if have < size:
        free = shutil.disk_usage(unfinished.parent).free
        if free < size - have:
            raise SMWMError(
                f"{name} needs {_amount(size - have)} more, but the disk of "
                f"{root.shown(unfinished.parent)} has {_amount(free)} left; make room there or move all of "
                f"{root.shown(root.data())} to a larger one and set SMWM_DATA to it."
            )
        _append(url, unfinished, size, have, name)
        have = unfinished.stat().st_size
        if have < size:
            raise SMWMError(f"{url} broke off after {have:,} of {size:,} bytes; the same command goes on from there.")
    if have != size:
        raise SMWMError(
            f"{root.shown(unfinished)} has {have:,} bytes, but should have {size:,}; delete it and fetch again."
        )


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
    with locked(release.path.parent, "fetching a data set"):
        unfinished = release.path.with_name(release.path.name + ".part")
        download(release.url, unfinished, release.size, release.path.name)
        unfinished.rename(release.path)
    return release


def _append(url: str, unfinished: Path, size: int, have: int, name: str) -> None:
    try:
        request = urllib.request.Request(url, headers={"Range": f"bytes={have}-"} if have else {})
        with urllib.request.urlopen(request, timeout=_PATIENCE) as answer:
            if have and answer.status != 206:
                have = 0  # the server sends all of it again
            if answer.length is not None and have + answer.length != size:
                raise SMWMError(
                    f"{url} has {have + answer.length:,} bytes instead of {size:,}; it is not the released file."
                )
            with (
                unfinished.open("r+b" if have else "wb") as file,
                tqdm(
                    desc=f"fetching {name}", initial=have, total=size, unit="B", unit_scale=True, dynamic_ncols=True
                ) as bar,
            ):
                file.seek(have)
                while part := answer.read(_CHUNK):
                    have += len(part)
                    if have > size:  # it did not announce its length
                        raise SMWMError(f"{url} has more than {size:,} bytes; it is not the released file.")
                    file.write(part)
                    bar.update(len(part))
    except urllib.error.HTTPError as error:
        raise SMWMError(f"The server refused {url} ({error.code} {error.reason}).") from error
    except SMWMError:
        raise
    except (ValueError, InvalidURL) as error:
        raise SMWMError(f"{url} is not a valid address ({error}).") from error
    except (OSError, HTTPException) as error:
        reason = " ".join(str(getattr(error, "reason", error)).split())
        raise SMWMError(f"Fetching {url} failed ({reason}); the same command goes on from there.") from error


def _amount(size: int) -> str:
    return f"{size / 1e9:.1f} GB" if size >= 1e9 else f"{size / 1e6:.1f} MB"
