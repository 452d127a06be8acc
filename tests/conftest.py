"""One thread for all tests: the tensors are tiny, and threads that wait for each other only slow them down.

``make test`` runs two processes, each with whole files. The book is built once for all tests that read it
(``tests/book/test_book*``): their files go to one process, as two builds at a time would write into the same folder.
"""

import os
import threading

import pytest
import torch
from file_server import FileServer

torch.set_num_threads(1)
os.environ.setdefault("MUJOCO_GL", "egl")  # read when mujoco is imported, which some tests do themselves


@pytest.hookimpl(optionalhook=True)  # of pytest-xdist 3.8, whose own `--dist loadgroup` does nothing under pytest 9.2
def pytest_xdist_make_scheduler(config, log):
    from xdist.scheduler import LoadFileScheduling

    class WholeBook(LoadFileScheduling):
        def _split_scope(self, nodeid):
            return "book" if nodeid.startswith("tests/book/test_book") else super()._split_scope(nodeid)

    return WholeBook(config, log)


@pytest.fixture
def file_server(monkeypatch):
    monkeypatch.setenv("no_proxy", "*")
    with FileServer() as server:
        threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
        yield server
        server.shutdown()
