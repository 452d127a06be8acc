#!/bin/sh
# Make sure that a part of the system is there, and install it where that is allowed.
#   need.sh venv PYTHON   a Python of a supported version that can make virtual environments
#   need.sh chromium      a browser for the tests that really starts
#   need.sh egl           the library that MuJoCo draws with
set -eu

install() {
    if ! command -v apt-get >/dev/null; then
        return 1
    elif [ "$(id -u)" = 0 ]; then
        as_root=
    elif command -v sudo >/dev/null && sudo -n true 2>/dev/null; then
        as_root=sudo
    else
        return 1
    fi
    $as_root apt-get update -qq || true
    $as_root env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq "$@" >/dev/null
}

refuse() {
    echo "$1" >&2
    exit 2
}

browser_starts() {
    # Ubuntu has a chromium-browser that is only a pointer to a snap, so being there is not enough.
    [ "$(id -u)" = 0 ] && unsafe=--no-sandbox || unsafe=
    for name in chromium chromium-browser google-chrome; do
        command -v "$name" >/dev/null || continue
        "$name" --headless $unsafe --disable-gpu --dump-dom about:blank >/dev/null 2>&1 && return 0
    done
    .venv/bin/python -c '
import pathlib, playwright.sync_api as p
with p.sync_playwright() as run:
    raise SystemExit(not pathlib.Path(run.chromium.executable_path).exists())' 2>/dev/null
}

case "$1" in
venv)
    command -v "$2" >/dev/null ||
        refuse "There is no command $2; install Python 3.11, 3.12 or 3.13, or name yours with PYTHON=…"
    "$2" -c 'import sys; sys.exit(not (3, 11) <= sys.version_info[:2] <= (3, 13))' ||
        refuse "$("$2" --version) is not supported; name a Python 3.11, 3.12 or 3.13 with PYTHON=…"
    "$2" -c 'import ensurepip' 2>/dev/null && exit 0
    package=python$("$2" -c 'import sys; print("%d.%d" % sys.version_info[:2])')-venv
    install "$package" || refuse "$2 cannot make virtual environments; install it with: apt-get install $package"
    ;;
egl)
    can_draw() { MUJOCO_GL=egl .venv/bin/python -c 'import mujoco; mujoco.GLContext(8, 8)' >/dev/null 2>&1; }
    packages="libegl1 libegl-mesa0 libgl1-mesa-dri libopengl0"
    can_draw && exit 0
    # shellcheck disable=SC2086
    install $packages || true
    can_draw || refuse "MuJoCo cannot draw; install its library with: apt-get install $packages"
    ;;
chromium)
    browser_starts && exit 0
    install chromium || true
    browser_starts && exit 0
    .venv/bin/playwright install --with-deps chromium || true
    browser_starts ||
        refuse "The browser test needs Chromium; install it with: apt-get install chromium (Debian) or playwright install"
    ;;
esac
