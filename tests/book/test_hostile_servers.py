"""Claims about servers that do wrong, on this machine: nothing that is not the file ends as complete.

1. Whatever a server does, a download is refused in one printable sentence, no file gets the released name, nothing
   else is touched, and the same command against an honest server then brings the whole file.
2. A part that came from another address, or that somebody else wrote, does not become a file; nothing is written
   through a link.
3. From https a redirect leads to https alone.
4. A checkpoint that differs from its sha256 is refused, and the former one stays.
"""

import contextlib
import functools
import hashlib
import io
import random
import re
import socketserver
import struct
import subprocess
import threading
import time
import urllib.request

import pytest

from smwm_book.experiments import checkpoints, download
from smwm_book.experiments.download import fetch
from smwm_core.errors import SMWMError
from smwm_core.worlds.lewm.release import RELEASES, Release

HALF = 4_000


def zstd(content: bytes) -> bytes:
    return subprocess.run(["zstd", "-qc", "--check"], input=content, capture_output=True, check=True).stdout


@functools.cache
def archives() -> tuple[bytes, bytes]:
    """An archive of 10 kB that is right, and another of the same length that unpacks, but to no HDF5 file."""
    noise = random.Random(0).randbytes(10_000)
    right, other = zstd(b"\x89HDF\r\n\x1a\n" + noise), zstd(noise)
    room = len(right) - len(other)
    padding = b"\x50\x2a\x4d\x18" + struct.pack("<I", max(room, 8) - 8)
    right += padding + bytes(max(room, 8) - 8) if room < 8 else b""  # frames that unpacking skips
    room = len(right) - len(other)
    return right, other + b"\x50\x2a\x4d\x18" + struct.pack("<I", room - 8) + bytes(room - 8)


RIGHT, OTHER = archives()
SIZE = len(RIGHT)
NOISE = random.Random(1).randbytes(SIZE)
FLIPPED = RIGHT[:-9] + bytes([RIGHT[-9] ^ 1]) + RIGHT[-8:]


def answer(body=b"", status="200 OK", length=..., **headers) -> bytes:
    """An HTTP answer; without a length of its own it announces that of its body, with None it announces nothing."""
    lines = [f"HTTP/1.1 {status}", "Connection: close", *(f"{k.replace('_', '-')}: {v}" for k, v in headers.items())]
    lines += [] if length is None else [f"Content-Length: {len(body) if length is ... else length}"]
    return "\r\n".join(lines).encode("latin-1") + b"\r\n\r\n" + body


def chunked(*chunks: bytes) -> bytes:
    return answer(b"".join(chunks), length=None, Transfer_Encoding="chunked")


def chunk(body: bytes) -> bytes:
    return f"{len(body):x}\r\n".encode() + body + b"\r\n"


def stalls(first: bytes):
    return lambda write: (write(first), time.sleep(1.5))


def part(body: bytes, start: int, total: int = SIZE, **headers) -> bytes:
    return answer(
        body, "206 Partial Content", Content_Range=f"bytes {start}-{start + len(body) - 1}/{total}", **headers
    )


# What a server does when it is asked for all of a file.
FRESH = {
    "other bytes of the right length": answer(NOISE),
    "zeros of the right length": answer(bytes(SIZE)),
    "one flipped bit": answer(FLIPPED),
    "an archive of something else of the right length": answer(OTHER),
    "the right bytes in reverse": answer(RIGHT[::-1]),
    "two halves swapped": answer(RIGHT[HALF:] + RIGHT[:HALF]),
    "breaking off": answer(RIGHT[:HALF], length=SIZE),
    "breaking off, no length": answer(RIGHT[:HALF], length=None),
    "too much, no length": answer(RIGHT + b"!", length=None),
    "endless, no length": answer(RIGHT * 50, length=None),
    "too much": answer(RIGHT + b"!"),
    "too little": answer(RIGHT[:-1]),
    "nothing": answer(),
    "nothing, no length": answer(length=None),
    "no content": answer(status="204 No Content", length=None),
    "a part that nobody asked for": part(RIGHT[1:], 1),
    "another success": answer(RIGHT, "202 Accepted"),
    "an error": answer(b"oops", "500 Internal Server Error"),
    "forbidden, in colours": answer(status="403 \x1b[31mForbidden\x07"),
    "too many requests": answer(status="429 Too Many Requests"),
    "moved to a file": answer(status="302 Found", Location="file:///etc/passwd"),
    "moved to ftp": answer(status="302 Found", Location="ftp://127.0.0.1/file.h5.zst"),
    "moved to data": answer(status="302 Found", Location="data:text/plain,hello"),
    "moved to itself": answer(status="302 Found", Location="/file.h5.zst"),
    "moved nowhere": answer(status="302 Found"),
    "no HTTP": b"hello\r\n\r\n" + RIGHT,
    "a status that is no number": answer(RIGHT, "two hundred"),
    "silence": b"",
    "stalls before a word": stalls(b""),
    "stalls in the middle": stalls(answer(RIGHT[:HALF], length=SIZE)),
    "too many headers": b"HTTP/1.1 200 OK\r\n" + b"X: y\r\n" * 200 + b"\r\n" + RIGHT,
    "a header that is too long": b"HTTP/1.1 200 OK\r\nX: " + b"y" * 70_000 + b"\r\n\r\n" + RIGHT,
    "a chunk without a length": chunked(b"zz\r\n" + RIGHT),
    "chunks of other bytes": chunked(chunk(NOISE), chunk(b"")),
    "chunks that break off": chunked(chunk(RIGHT[:HALF])),
}
# What it does when it is asked for the bytes after the first half.
RESUMED = {
    "another part": part(RIGHT[HALF - 1 : -1], HALF - 1),
    "the beginning again": part(RIGHT[: SIZE - HALF], 0),
    "a part of a longer file": part(RIGHT[HALF:], HALF, SIZE + 1),
    "a part that says nothing": answer(RIGHT[HALF:], "206 Partial Content"),
    "a part that says nonsense": answer(RIGHT[HALF:], "206 Partial Content", Content_Range="bytes */*"),
    "parts within parts": answer(RIGHT[HALF:], "206 Partial Content", Content_Type="multipart/byteranges; boundary=x"),
    "other bytes of the right part": part(NOISE[HALF:], HALF),
    "all of another file": answer(NOISE),
    "no such part": answer(status="416 Range Not Satisfiable"),
    "a part that breaks off": answer(
        RIGHT[HALF:-1], "206 Partial Content", length=SIZE - HALF, Content_Range=f"bytes {HALF}-{SIZE - 1}/{SIZE}"
    ),
}


class Server(socketserver.ThreadingTCPServer):
    """Does to every request what ``does`` says: bytes to send, or a function that sends them; None is honest."""

    allow_reuse_address = daemon_threads = True
    does = None


class Handler(socketserver.StreamRequestHandler):
    def handle(self) -> None:
        asked = b""
        while not asked.endswith(b"\r\n\r\n") and (line := self.rfile.readline()):
            asked += line
        start = int((re.search(rb"Range: bytes=(\d+)-", asked) or [0, 0])[1])
        does = self.server.does
        if does is None:
            does = part(RIGHT[start:], start) if start else answer(RIGHT)
        with contextlib.suppress(OSError):  # the reader has heard enough
            does(self.wfile.write) if callable(does) else self.wfile.write(does)


@pytest.fixture(scope="module")
def hostile():
    with Server(("127.0.0.1", 0), Handler) as server:
        threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
        yield server
        server.shutdown()


@pytest.fixture
def release(hostile, tmp_path, monkeypatch):
    monkeypatch.setenv("no_proxy", "*")
    monkeypatch.setenv("SMWM_DATA", str(tmp_path / "data"))
    monkeypatch.setattr(download, "_PATIENCE", 0.5)
    address = f"http://127.0.0.1:{hostile.server_address[1]}/file.h5.zst"
    monkeypatch.setitem(RELEASES, "pusht", Release(address, SIZE))
    hostile.does = None
    (tmp_path / "witness").write_text("untouched")
    yield RELEASES["pusht"]
    assert (tmp_path / "witness").read_text() == "untouched"


def assert_refused(release) -> None:
    with pytest.raises(SMWMError) as refused:
        fetch("pusht")
    sentence = str(refused.value)
    assert sentence.isprintable(), sentence
    assert sentence.endswith("."), sentence
    assert not release.path.exists()


def assert_honestly_fetched(hostile, release) -> None:
    hostile.does = None
    assert fetch("pusht").path.read_bytes() == RIGHT
    assert {path.name for path in release.path.parent.iterdir()} == {"file.h5.zst", "lock"}


def interrupted(hostile) -> None:
    hostile.does = FRESH["breaking off"]
    with pytest.raises(SMWMError, match="broke off after 4,000 of"):
        fetch("pusht")


def test_there_are_more_than_thirty_behaviours():
    assert len(FRESH) + len(RESUMED) > 30
    assert len({repr(does) for does in FRESH.values()}) == len(FRESH)


@pytest.mark.parametrize("behaviour", FRESH)
def test_a_server_that_does_wrong_is_refused(hostile, release, behaviour):
    hostile.does = FRESH[behaviour]
    assert_refused(release)
    assert_honestly_fetched(hostile, release)


@pytest.mark.parametrize("behaviour", RESUMED)
def test_a_server_that_goes_on_wrongly_is_refused(hostile, release, behaviour):
    interrupted(hostile)
    hostile.does = RESUMED[behaviour]
    assert_refused(release)
    assert_honestly_fetched(hostile, release)


@pytest.mark.parametrize("content", [NOISE, FLIPPED, NOISE[:HALF]], ids=["noise", "flipped", "half of noise"])
def test_a_part_that_somebody_wrote_does_not_become_the_file(hostile, release, content):
    interrupted(hostile)
    (unfinished,) = release.path.parent.glob("*.part")
    unfinished.write_bytes(content)
    assert_refused(release)
    assert_honestly_fetched(hostile, release)


def test_a_part_from_another_address_is_not_gone_on_with(hostile, release, monkeypatch):
    hostile.does = answer(NOISE[:HALF], length=SIZE)
    with monkeypatch.context() as elsewhere:
        elsewhere.setitem(RELEASES, "pusht", Release(release.url.replace("/file", "/other/file"), SIZE))
        with pytest.raises(SMWMError, match="broke off"):
            fetch("pusht")
    hostile.does = None
    assert fetch("pusht").path.read_bytes() == RIGHT


def test_nothing_is_written_through_a_link(hostile, release, tmp_path):
    interrupted(hostile)
    (unfinished,) = release.path.parent.glob("*.part")
    unfinished.unlink()
    unfinished.symlink_to(tmp_path / "witness")
    with pytest.raises(SMWMError, match="is a link, and nothing is written through one; delete it"):
        fetch("pusht")
    unfinished.unlink()
    release.path.symlink_to(tmp_path / "nowhere")
    assert_honestly_fetched(hostile, release)
    assert not release.path.is_symlink()
    assert not (tmp_path / "nowhere").exists()


def test_a_file_of_another_length_under_the_name_is_not_taken_for_the_archive(hostile, release):
    release.path.parent.mkdir(parents=True)
    release.path.write_bytes(RIGHT[:-1])
    with pytest.raises(SMWMError, match="is not the released file, which has"):
        fetch("pusht")


def test_a_digest_that_is_published_decides(hostile, release, monkeypatch):
    monkeypatch.setitem(RELEASES, "pusht", Release(release.url, SIZE, hashlib.sha256(OTHER).hexdigest()))
    assert_refused(release)
    hostile.does = answer(OTHER)
    assert fetch("pusht").path.read_bytes() == OTHER


@pytest.mark.parametrize("target", ["http://example.org/x", "ftp://example.org/x", "file:///etc/passwd"])
def test_https_leads_to_https_alone(target):
    request, redirects = urllib.request.Request("https://example.org/x"), download._Redirects()
    with pytest.raises(SMWMError, match=r"sends on to .*, where nothing is fetched from"):
        redirects.redirect_request(request, io.BytesIO(), 302, "Found", {}, target)
    assert (
        redirects.redirect_request(request, io.BytesIO(), 302, "Found", {}, "https://elsewhere.org/y").host
        == "elsewhere.org"
    )


@pytest.mark.parametrize(
    "behaviour",
    ["other bytes of the right length", "one flipped bit", "breaking off", "too much, no length", "moved to a file"],
)
def test_a_checkpoint_from_a_server_that_does_wrong_leaves_the_former_one(hostile, release, tmp_path, behaviour):
    path = tmp_path / "data" / "weights"
    path.parent.mkdir()
    path.write_bytes(RIGHT)
    checkpoints.publish(path, "model.safetensors")
    published = checkpoints.folder() / "model.safetensors"
    published.write_bytes(b"damaged")
    before = {path: path.read_bytes() for path in checkpoints.folder().iterdir()}
    hostile.does = FRESH[behaviour]
    with pytest.raises(SMWMError) as refused:
        checkpoints.fetch(source=release.url.rpartition("/")[0])
    assert str(refused.value).isprintable()
    assert {path: path.read_bytes() for path in checkpoints.folder().iterdir()} == before
