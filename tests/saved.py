"""A progress file whose every version is kept, for tests that go on from any step."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from unittest import mock

from smwm_core.training import loop


@contextmanager
def every_save() -> Iterator[list[bytes]]:
    """Collect the bytes of each saved progress, in order."""
    states: list[bytes] = []
    write = loop.write_whole

    def kept(path: Path, fill) -> None:
        write(path, fill)
        states.append(path.read_bytes())

    with mock.patch.object(loop, "write_whole", kept):
        yield states
