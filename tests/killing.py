"""Processes that are killed: at a moment, or right before they touch a file for the k-th time."""

import contextlib
import hashlib
import multiprocessing
import os
import signal
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

TOUCHING = {"open", "os.rename", "os.remove", "os.mkdir", "os.rmdir", "os.truncate", "fcntl.flock"}
KILLED = -signal.SIGKILL

_forking = multiprocessing.get_context("forkserver")  # which imports once, and forks for every process
_forking.set_forkserver_preload(["tasks_to_kill"])


def started(task: Callable, folder: Path, *, place: int = -1, touched=None) -> multiprocessing.Process:
    """A process that does a task in a folder.

    Arguments:
        task: called with the folder; a function of a module.
        place: the number of the touch before which the process is killed; by default it is not.
        touched: a shared number that counts them.
    """
    process = _forking.Process(target=_watched, args=(task, folder, place, touched))
    process.start()
    return process


def finished(task: Callable, folder: Path, **options) -> int:
    """Wait for a process that does a task; its exit code."""
    process = started(task, folder, **options)
    process.join()
    return process.exitcode


def places(task: Callable, folder: Path, some: int) -> list[int]:
    """So many of the places where a task touches files, spread over all of them; the task is done on the way."""
    touched = _forking.Value("i", 0)
    assert finished(task, folder, touched=touched) == 0
    return sorted({k * touched.value // some for k in range(some)})


def contents(folder: Path) -> dict[str, str]:
    """The digest of every file in a folder that was not left half written."""
    files = [path for path in folder.rglob("*") if path.is_file() and path.suffix not in (".part", ".new")]
    return {str(path.relative_to(folder)): hashlib.sha256(path.read_bytes()).hexdigest() for path in files}


def _watched(task: Callable, folder: Path, place: int, touched) -> None:
    count, inside = 0, str(folder)

    def hook(event: str, arguments: tuple) -> None:
        nonlocal count
        if event in TOUCHING and (event == "fcntl.flock" or str(arguments[0]).startswith(inside)):
            if count == place:
                os.kill(os.getpid(), signal.SIGKILL)
            count += 1

    with _quiet():
        sys.addaudithook(hook)
        task(folder)
        if touched is not None:
            touched.value = count


@contextlib.contextmanager
def _quiet() -> Iterator[None]:
    with open(os.devnull, "w") as nowhere, contextlib.redirect_stderr(nowhere):
        yield
