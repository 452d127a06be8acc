"""Files that are never half written."""

import contextlib
import fcntl
import hashlib
import os
import shutil
import uuid
from collections.abc import Callable, Iterator
from itertools import takewhile
from pathlib import Path

import numpy as np
import torch
from joblib import Parallel, delayed
from tqdm import tqdm

from smwm_core.errors import SMWMError
from smwm_core.storage import root


def write_whole(path: Path, write: Callable[[Path], object]) -> None:
    """Let ``write`` fill a file of its own beside ``path``, then move it into place in one step.

    Two writers never share the unfinished file; it is on the disk before it gets its name, and gone if writing fails.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    unfinished = path.with_name(f"{path.name}.{uuid.uuid4().hex[:8]}.part")
    try:
        write(unfinished)
        with unfinished.open("rb") as file:
            os.fsync(file.fileno())
        os.replace(unfinished, path)
        _sync(path.parent)
    finally:
        unfinished.unlink(missing_ok=True)


def _sync(folder: Path) -> None:
    """Have the names of a folder on the disk, so that what comes next cannot get there before them."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def write_text(path: Path, text: str) -> None:
    """Write a text in one step."""
    write_whole(path, lambda unfinished: unfinished.write_text(text))


def sha256(path: Path) -> str:
    """The digest of a file, in hexadecimal digits."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def write_with_digest(
    path: Path, write: Callable[[Path], object], enter: Callable[[str], object], former: str | None
) -> None:
    """Write a file whose digest stands in another one, such that a kill at any moment leaves a pair that agrees.

    The new file waits beside ``path`` until its digest is entered; ``settled`` lets it in if its writer could not.
    Writers of one file hold a lock.

    Arguments:
        write: fills the file that it is given.
        enter: writes the digest into the other file, in one step.
        former: the digest that stands there so far; None if there is none.
    """
    if former:
        _let_in(path, former)
    waiting = _waiting(path)
    write_whole(waiting, write)
    digest = sha256(waiting)
    enter(digest)
    _let_in(path, digest)


def has_digest(path: Path, digest: str) -> bool:
    """Whether a file is there and has a digest."""
    return path.is_file() and sha256(path) == digest


def settled(path: Path, digest: str, lock: contextlib.AbstractContextManager) -> bool:
    """Whether a file has its digest, once what a killed writer left waiting has taken its place.

    Arguments:
        lock: the one that writers of this file hold.
    """
    if has_digest(path, digest):
        return True
    if _waiting(path).exists():
        with lock:
            _let_in(path, digest)
    return has_digest(path, digest)  # asked again: its writer may have let it in meanwhile


def _let_in(path: Path, digest: str) -> None:
    """Only for who holds the lock: another's file could be waiting by now."""
    if has_digest(_waiting(path), digest):
        os.replace(_waiting(path), path)


def _waiting(path: Path) -> Path:
    return path.with_name(f"{path.name}.new")


@contextlib.contextmanager
def locked(folder: Path, purpose: str, *, wait: bool = False) -> Iterator[None]:
    """Keep every other process out of a folder until the work in it is done.

    Arguments:
        folder: made if it is missing.
        purpose: what for, to tell the process that comes second.
        wait: whether the second waits for the first rather than to be refused.
    """
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / "lock").open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | (0 if wait else fcntl.LOCK_NB))
        except BlockingIOError as error:
            raise SMWMError(f"Another process is {purpose} in {root.shown(folder)}; wait for it or stop it.") from error
        except OSError as error:
            raise SMWMError(f"The disk of {root.shown(folder)} does not lock files ({error}).") from error
        yield


def require_disk(folder: Path, needed: float, work: str, remedy: str) -> None:
    """Refuse work that its disk cannot hold, before it starts.

    Arguments:
        folder: that is there.
        needed: bytes, at most.
        work, remedy: how the sentence begins and ends.

    Raises:
        SMWMError: with what may be needed and what there is.
    """
    if needed > (free := shutil.disk_usage(folder).free):
        raise SMWMError(
            f"{work} may take {needed / 1e9:.1f} GB, and its disk has {free / 1e9:.1f} GB left; set SMWM_DATA to a "
            f"larger one{remedy}."
        )


def save_arrays(path: Path, arrays: dict[str, np.ndarray]) -> None:
    """Write named arrays as a compressed ``.npz``."""
    write_whole(path, lambda unfinished: fill_arrays(unfinished, arrays))


def fill_arrays(path: Path, arrays: dict[str, np.ndarray]) -> None:
    """Write named arrays as a compressed ``.npz`` into a file of any name."""
    with path.open("wb") as file:
        np.savez_compressed(file, **arrays)


def make_parts(
    make: Callable,
    parts: dict[Path, tuple],
    *,
    workers: int | None,
    desc: str,
    unit: str,
    pause: Callable[[], bool] | None = None,
) -> None:
    """Let processes make those files of many that are not there yet, with a bar.

    Arguments:
        make: called with a path and what belongs to it.
        parts: path → further arguments.
        workers: processes; by default one per core.
        desc, unit: of the bar.
        pause: asked before each file is begun; when it says yes, what was begun is finished and no other is.
    """
    missing = {path: values for path, values in parts.items() if not path.exists()}
    begun = takewhile(lambda _: not (pause and pause()), missing.items())
    jobs = (delayed(make)(path, *values) for path, values in begun)
    workers = workers or torch.multiprocessing.cpu_count()
    made = Parallel(n_jobs=workers, pre_dispatch=workers, return_as="generator_unordered")(jobs)
    for _ in tqdm(made, desc=desc, unit=unit, total=len(missing), dynamic_ncols=True):
        pass
