"""Processes that are killed: at a moment, or right before they touch a file for the k-th time."""

import hashlib
import os
import signal
import sys
import traceback
import warnings
from collections.abc import Callable
from pathlib import Path

TOUCHING = {"open", "os.rename", "os.remove", "os.mkdir", "os.rmdir", "os.truncate", "fcntl.flock", "shutil.rmtree"}
KILLED = -signal.SIGKILL


def started(task: Callable, folder: Path, *, place: int = -1, told: int | None = None) -> int:
    """Do a task in a process forked from this one, which has imported everything; its number.

    Arguments:
        task: called with the folder.
        folder: whose files are watched.
        place: the number of the touch before which the process is killed; by default it is not.
        told: a descriptor that gets the number of touches.
    """
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)  # other threads here wait for tests, and hold nothing
        process = os.fork()
    if process == 0:
        try:
            count = _watched(task, folder, place)
            if told is not None:
                os.write(told, str(count).encode())
            os._exit(0)
        except BaseException:
            traceback.print_exc()
            os._exit(1)
    return process


def ended(process: int) -> int:
    """Wait for a process; its exit code, negative for the signal that killed it."""
    return os.waitstatus_to_exitcode(os.waitpid(process, 0)[1])


def finished(task: Callable, folder: Path, *, place: int = -1) -> int:
    """Do a task, as ``started`` does, and wait for its end; the exit code."""
    return ended(started(task, folder, place=place))


def places(task: Callable, folder: Path, some: int) -> list[int]:
    """So many of the places where a task touches files, spread over all of them; the task is done on the way."""
    listening, told = os.pipe()
    assert ended(started(task, folder, told=told)) == 0
    os.close(told)
    with os.fdopen(listening) as heard:
        touches = int(heard.read())
    return sorted({k * touches // some for k in range(some)})


def contents(folder: Path) -> dict[str, str]:
    """The digest of every file in a folder that was not left half written."""
    files = [path for path in folder.rglob("*") if path.is_file() and path.suffix not in (".part", ".new")]
    return {str(path.relative_to(folder)): hashlib.sha256(path.read_bytes()).hexdigest() for path in files}


def _watched(task: Callable, folder: Path, place: int) -> int:
    count = 0

    def hook(event: str, arguments: tuple) -> None:
        nonlocal count
        if event in TOUCHING and (event == "fcntl.flock" or str(arguments[0]).startswith(str(folder))):
            if count == place:
                os.kill(os.getpid(), signal.SIGKILL)
            count += 1

    sys.addaudithook(hook)
    task(folder)
    return count
