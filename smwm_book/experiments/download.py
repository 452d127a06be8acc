"""Downloads that show their progress, go on where they stopped, and are complete only when their content is right."""

import hashlib
import os
import re
import shutil
import subprocess
import urllib.error
import urllib.request
from http.client import HTTPException, InvalidURL
from pathlib import Path

from tqdm import tqdm

from smwm_core.errors import SMWMError, choose
from smwm_core.storage import root
from smwm_core.storage.files import locked, sha256
from smwm_core.worlds.lewm.release import RELEASES, Release

_CHUNK = 1 << 20
_PATIENCE = 60  # seconds without a byte
_MAGIC = {".tar.zst": (257, b"ustar"), ".h5.zst": (0, b"\x89HDF\r\n\x1a\n")}  # where what of an unpacked file


def download(url: str, unfinished: Path, size: int, name: str) -> None:
    """Append to a file what it lacks of the one at a URL; one that is long enough is not asked for again.

    Arguments:
        url: starts with http:// or https://.
        unfinished: in a folder that exists, ``.part`` after its name.
        size: of the whole file, in bytes.
        name: of the file that it will become, for messages.

    Raises:
        SMWMError: the file is a link, the disk is too full, the server refuses, cannot be reached or offers another
            file, or the connection broke; the bytes that came are kept, and the same call goes on from there.
    """
    if unfinished.is_symlink():
        raise SMWMError(f"{root.shown(unfinished)} is a link, and nothing is written through one; delete it.")
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
    path, name = release.path, release.path.name
    if path.exists():
        if path.stat().st_size != release.size:
            raise SMWMError(
                f"{root.shown(path)} is not the released file, which has {release.size:,} bytes; delete it."
            )
        return release
    with locked(path.parent, "fetching a data set"):
        source = hashlib.sha256(f"{release.url} {release.size}".encode()).hexdigest()[:8]
        unfinished = path.with_name(f"{name}.{source}.part")  # what came from one address is no part of another file
        download(release.url, unfinished, release.size, name)
        if not _is_right(unfinished, release):
            unfinished.unlink()
            raise SMWMError(f"What came from {release.url} is not {name} or was damaged; the same command starts anew.")
        with unfinished.open("rb") as file:
            os.fsync(file.fileno())
        unfinished.rename(path)
    return release


def _is_right(path: Path, release: Release) -> bool:
    """Whether a file has the digest of a release; without a digest, whether it unpacks to a file of its kind."""
    if release.sha256:
        return sha256(path) == release.sha256
    (at, magic), name = _MAGIC[re.search(r"\.\w+\.zst$", release.path.name)[0]], release.path.name
    try:
        process = subprocess.Popen(["zstd", "-dcq", path], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
    except OSError as error:
        raise SMWMError(f"{name} is here, but checking it needs zstd; install that and start again.") from error
    with process, tqdm(desc=f"checking {name}", unit="B", unit_scale=True, dynamic_ncols=True) as bar:
        head = process.stdout.read(at + len(magic))
        while part := process.stdout.read(_CHUNK):
            bar.update(len(part))
    return process.returncode == 0 and head[at:] == magic


class _Redirects(urllib.request.HTTPRedirectHandler):
    """Follows to https, and from http to http, and nowhere else."""

    def redirect_request(self, request, file, code, message, headers, target):
        if not target.startswith(("https://", f"{request.type}://")):
            file.close()
            raise SMWMError(f"{request.full_url} sends on to {target[:200]!r}, where nothing is fetched from.")
        return super().redirect_request(request, file, code, message, headers, target)


def _append(url: str, unfinished: Path, size: int, have: int, name: str) -> None:
    try:
        request = urllib.request.Request(url, headers={"Range": f"bytes={have}-"} if have else {})
        with urllib.request.build_opener(_Redirects).open(request, timeout=_PATIENCE) as answer:
            have = have if answer.status == 206 else 0  # or the server sends all of it again
            if answer.length is not None and have + answer.length != size:
                raise SMWMError(
                    f"{url} has {have + answer.length:,} bytes instead of {size:,}; it is not the released file."
                )
            sent = answer.headers.get("Content-Range", "")
            if (answer.status, sent) not in ((206, f"bytes {have}-{size - 1}/{size}"), (200, "")):
                raise SMWMError(f"{url} answered with {answer.status} {_line(sent)}, which was not asked for.")
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
        error.close()
        raise SMWMError(f"The server refused {url} ({error.code} {_line(error.reason)}).") from error
    except SMWMError:
        raise
    except (ValueError, InvalidURL) as error:
        raise SMWMError(f"{url} is not a valid address ({error}).") from error
    except (OSError, HTTPException) as error:
        reason = _line(getattr(error, "reason", error))
        raise SMWMError(f"Fetching {url} failed ({reason}); the same command goes on from there.") from error


def _line(said: object) -> str:
    """What a server said, fit for one line of a terminal."""
    return "".join(filter(str.isprintable, " ".join(str(said).split())))[:200]


def _amount(size: int) -> str:
    return f"{size / 1e9:.1f} GB" if size >= 1e9 else f"{size / 1e6:.1f} MB"
