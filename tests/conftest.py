"""One thread for all tests: the tensors are tiny, and threads that wait for each other only slow them down.

``make test`` runs two processes, each with whole files. The book is built once for all tests that read it: its files go
to one process, as two builds at a time would write into the same folder.
"""

import functools
import os
import subprocess
import sys
import threading
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer

import pytest
import torch
from file_server import FileServer

from smwm_core import chromium, paths

torch.set_num_threads(1)
os.environ.setdefault("MUJOCO_GL", "egl")  # read when mujoco is imported, which some tests do themselves


@pytest.hookimpl(optionalhook=True)  # of pytest-xdist 3.8, whose own `--dist loadgroup` does nothing under pytest 9.2
def pytest_xdist_make_scheduler(config, log):
    from xdist.scheduler import LoadFileScheduling

    class WholeBook(LoadFileScheduling):
        def _split_scope(self, nodeid):
            return "book" if nodeid.startswith("tests/test_book") else super()._split_scope(nodeid)

    return WholeBook(config, log)


def git_status():
    return subprocess.run(
        ["git", "-C", str(paths.REPOSITORY), "status", "--porcelain"], capture_output=True, text=True, check=True
    ).stdout


@pytest.fixture(scope="session")
def built():
    before = git_status()
    finished = subprocess.run(
        [sys.executable, "-m", "smwm_core", "book"], cwd=paths.REPOSITORY, capture_output=True, text=True
    )
    assert finished.returncode == 0, finished.stdout[-3000:] + finished.stderr[-3000:]
    assert git_status() == before
    return paths.REPOSITORY / "_build" / "html"


@pytest.fixture(scope="session")
def address(built):
    class Quiet(SimpleHTTPRequestHandler):
        def log_message(self, *arguments):
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), functools.partial(Quiet, directory=str(built)))
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    server.server_close()


@pytest.fixture
def file_server(monkeypatch):
    monkeypatch.setenv("no_proxy", "*")
    with FileServer() as server:
        threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
        yield server
        server.shutdown()


@pytest.fixture(scope="module")  # while it runs, nothing else in this process may use asyncio, as notebooks do
def browser():
    from playwright.sync_api import sync_playwright

    executable = next(chromium.candidates())  # tools/need.sh installs one if there is none
    with sync_playwright() as playwright:
        running = playwright.chromium.launch(executable_path=executable, args=list(chromium.OPTIONS))
        yield running
        running.close()
