"""One thread for all tests: the tensors are tiny, and threads that wait for each other only slow them down.

And a browser for the tests that look at pages.
"""

import os
import shutil

import pytest
import torch

torch.set_num_threads(1)
os.environ.setdefault("MUJOCO_GL", "egl")  # read when mujoco is imported, which some tests do themselves


@pytest.fixture(scope="module")
def browser():
    from playwright.sync_api import sync_playwright

    # Where Debian's Chromium is missing, Playwright's own is used (tools/need.sh installs one of them).
    executable = shutil.which("chromium") or shutil.which("google-chrome")
    options = ["--no-sandbox", "--disable-gpu", "--disable-background-networking", "--disable-component-update"]
    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=executable, args=options)
        yield chromium
        chromium.close()
