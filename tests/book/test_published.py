"""Claims about fetching published checkpoints, from a server on this machine.

1. What is missing or damaged is fetched and whole files are left alone, all of them or those that are named.
2. A file arrives whole or not at all: the former one stays, and so do those that came before; no part is left behind.
3. A server that is none, a missing or changed file, an unknown name, a full disk: one sentence each, exit status 2.
4. Where nothing else is said, files come from the repository that ``_config.yml`` names.
5. What is missing or damaged is listed as such.
"""

import errno
import hashlib
import json
import shutil
import socket
import threading
from types import SimpleNamespace

import pytest
import torch
import yaml

from smwm_book import paths
from smwm_book.cli import main
from smwm_book.experiments import checkpoints
from smwm_core.errors import SMWMError
from smwm_core.storage import weights
from smwm_core.storage.files import locked

HEADER = {
    "name": "a",
    "config": {},
    "seed": 0,
    "device": "cpu",
    "recipe": {},
    "commit": "unknown",
    "seconds": 1234,
}
NAMES = ["a_inverse10_seed0", "b+c_seed1", "d_seed0"]


@pytest.fixture
def folder(file_server, monkeypatch, tmp_path):
    """Three published checkpoints, here and on the server."""
    monkeypatch.setenv("SMWM_DATA", str(tmp_path))
    for name in NAMES:
        weights.save_weights(tmp_path / "made", torch.nn.Linear(3, 500), HEADER)
        checkpoints.publish(tmp_path / "made", f"{name}.safetensors")
    folder = tmp_path / "checkpoints"
    file_server.files = {path.name.replace("+", "%2B"): path.read_bytes() for path in folder.glob("*.safetensors")}
    return folder


def whole(folder) -> list[str]:
    """Names of the checkpoints that are as they were published; beside them there is only the manifest."""
    entries = json.loads((folder / "manifest.json").read_text())
    found = {path.name: path.read_bytes() for path in folder.iterdir() if path.name != "manifest.json"}
    assert found.keys() <= entries.keys()
    return [
        name.removesuffix(".safetensors")
        for name, entry in entries.items()
        if hashlib.sha256(found.get(name, b"")).hexdigest() == entry["sha256"]
    ]


def remove(folder, *names: str) -> None:
    for name in names:
        (folder / f"{name}.safetensors").unlink()


def fetch(server, *names: str) -> int:
    return main(["checkpoints", "fetch", *names, "--from", f"{server.url}/data/"])


def refused(capsys, arguments: list[str], *words: str) -> str:
    capsys.readouterr()
    assert main(arguments) == 2
    printed = capsys.readouterr()
    assert printed.out == ""
    sentence = printed.err.splitlines()[-1]  # before it stands the bar, if any
    assert "Traceback" not in printed.err
    assert sentence.endswith(".")
    for word in words:
        assert word in sentence
    return sentence


def test_what_is_missing_or_damaged_is_fetched_and_nothing_else(file_server, folder, capsys):
    remove(folder, NAMES[0])
    damaged = folder / f"{NAMES[1]}.safetensors"
    damaged.write_bytes(damaged.read_bytes()[:-1] + b"!")  # of the right length
    assert whole(folder) == NAMES[2:]
    assert fetch(file_server) == 0
    assert whole(folder) == NAMES
    assert file_server.asked == [(f"/data/{name.replace('+', '%2B')}.safetensors", None) for name in NAMES[:2]]
    printed = capsys.readouterr()
    assert printed.out == "2 fetched; all that were asked for are whole.\n"
    assert f"fetching {NAMES[0]}.safetensors: 100%" in printed.err
    assert main(["checkpoints", "fetch"]) == 0  # which needs no address
    assert capsys.readouterr().out == "0 fetched; all that were asked for are whole.\n"


def test_only_what_is_named_is_fetched(file_server, folder):
    remove(folder, *NAMES)
    assert fetch(file_server, NAMES[2], NAMES[0], NAMES[2]) == 0
    assert whole(folder) == [NAMES[0], NAMES[2]]
    assert len(file_server.asked) == 2


def test_an_interrupted_download_leaves_no_part_and_starts_anew(file_server, folder, capsys):
    remove(folder, *NAMES[:2])
    first = f"{NAMES[0]}.safetensors"
    right = file_server.files[first]
    file_server.breaks_after = 1000
    arguments = ["checkpoints", "fetch", "--from", file_server.url]
    refused(capsys, arguments, f"{first} broke off after 1,000 of {len(right):,} bytes; the same command goes on")
    assert whole(folder) == NAMES[2:]
    file_server.breaks_after = None
    assert fetch(file_server) == 0
    assert whole(folder) == NAMES
    assert {wanted for _, wanted in file_server.asked} == {None}


def test_an_interruption_by_hand_leaves_no_part(file_server, folder, monkeypatch, capsys):
    def interrupted(*_):
        raise KeyboardInterrupt

    remove(folder, NAMES[1])
    monkeypatch.setattr("smwm_book.experiments.download.tqdm.update", interrupted)
    assert fetch(file_server) == 130
    assert whole(folder) == [NAMES[0], NAMES[2]]
    assert "the same command continues where it stopped" in capsys.readouterr().err


def test_finished_ones_stay_when_a_later_one_is_missing_there(file_server, folder, capsys):
    remove(folder, *NAMES)
    del file_server.files[f"{NAMES[2]}.safetensors"]
    arguments = ["checkpoints", "fetch", "--from", file_server.url]
    refused(capsys, arguments, f"The server refused {file_server.url}/{NAMES[2]}.safetensors (404 Not Found).")
    assert whole(folder) == NAMES[:2]


@pytest.mark.parametrize("announces", [True, False])
@pytest.mark.parametrize("change", ["shorter", "longer", "other"])
def test_a_file_with_other_bytes_is_refused_and_the_former_one_stays(file_server, folder, capsys, change, announces):
    path = folder / f"{NAMES[0]}.safetensors"
    right = path.read_bytes()
    path.write_bytes(b"former")
    file_server.announces = announces
    file_server.files[path.name] = {"shorter": right[:-1], "longer": right + b"!", "other": bytes(len(right))}[change]
    words = {
        ("shorter", True): f"has {len(right) - 1:,} bytes instead of {len(right):,}; it is not",
        ("longer", True): f"has {len(right) + 1:,} bytes instead of {len(right):,}; it is not",
        ("shorter", False): f"broke off after {len(right) - 1:,} of {len(right):,} bytes",
        ("longer", False): f"has more than {len(right):,} bytes; it is not",
    }.get((change, announces), "differs from its sha256 in the manifest here")
    sentence = refused(capsys, ["checkpoints", "fetch", "--from", file_server.url])
    assert sentence.startswith(f"{file_server.url}/{path.name} {words}")
    assert path.read_bytes() == b"former"
    assert whole(folder) == NAMES[1:]


@pytest.mark.parametrize(
    ("source", "words"),
    [
        ("http://127.0.0.1:1", ("Fetching http://127.0.0.1:1/a", "refused")),
        ("http://127.0.0.1:none", ("http://127.0.0.1:none/a", "is not a valid address", "port")),
        ("http://", ("starts with https:// or http://, not 'http://'",)),
        ("http:///data", ("Fetching http:///data/a", "no host given")),
        ("http://[", ("http://[/a", "is not a valid address")),
        ("http://[x]", ("http://[x]/a", "is not a valid address")),
        ("http://..", ("http://../a", "is not a valid address")),
        ("http://127.0.0.1:1/ä", ("http://127.0.0.1:1/ä/a", "is not a valid address")),
        ("data/checkpoints", ("starts with https:// or http://, not 'data/checkpoints'",)),
        ("file:///data", ("starts with https:// or http://, not 'file:///data'",)),
    ],
)
def test_an_address_that_is_none_is_one_sentence(folder, monkeypatch, capsys, source, words):
    monkeypatch.setenv("no_proxy", "*")
    remove(folder, NAMES[0])
    refused(capsys, ["checkpoints", "fetch", "--from", source], *words)
    assert whole(folder) == NAMES[1:]


def test_a_server_that_speaks_another_language_is_one_sentence(folder, capsys):
    remove(folder, NAMES[0])
    with socket.create_server(("127.0.0.1", 0)) as listening:

        def answer():
            with listening.accept()[0] as connection:
                connection.recv(1 << 16)
                connection.sendall(b"SSH-2.0-Other\r\n")

        thread = threading.Thread(target=answer)
        thread.start()
        source = f"http://127.0.0.1:{listening.getsockname()[1]}"
        refused(capsys, ["checkpoints", "fetch", "--from", source], "SSH-2.0-Other); the same command goes on")
        thread.join()
    assert whole(folder) == NAMES[1:]


def test_an_unknown_name_is_one_sentence_and_nothing_is_fetched(file_server, folder, capsys):
    remove(folder, NAMES[0])
    arguments = ["checkpoints", "fetch", NAMES[0], "chess", "--from", file_server.url]
    refused(capsys, arguments, "no checkpoint named 'chess'; choose one of: a_inverse10_seed0, b+c_seed1, d_seed0")
    assert file_server.asked == []


def test_a_disk_that_is_too_full_is_refused_before_anything_is_asked(file_server, folder, monkeypatch, capsys):
    remove(folder, NAMES[0])
    monkeypatch.setattr(shutil, "disk_usage", lambda _: SimpleNamespace(free=100))
    arguments = ["checkpoints", "fetch", "--from", file_server.url]
    refused(capsys, arguments, f"{NAMES[0]}.safetensors needs 0.0 MB more, but the disk of {folder} has 0.0 MB left")
    assert file_server.asked == []


def test_a_disk_that_fills_up_meanwhile_is_one_sentence(file_server, folder, monkeypatch, capsys):
    def full(*_):
        raise OSError(errno.ENOSPC, "No space left on device")

    remove(folder, NAMES[0])
    monkeypatch.setattr("smwm_book.experiments.download.tqdm.update", full)  # called after each write
    refused(capsys, ["checkpoints", "fetch", "--from", file_server.url], "No space left on device")
    assert whole(folder) == NAMES[1:]


def test_a_folder_that_cannot_be_written_is_one_sentence(file_server, folder, capsys):
    remove(folder, NAMES[0])
    shutil.rmtree(folder.parent / "cache", ignore_errors=True)
    (folder.parent / "cache").write_text("in the way")
    refused(capsys, ["checkpoints", "fetch", "--from", file_server.url], "Nothing can be written into", "cache")


def test_two_processes_do_not_fetch_at_once(file_server, folder, capsys):
    remove(folder, NAMES[0])
    with locked(folder.parent / "cache" / "checkpoints", "fetching checkpoints"):
        refused(capsys, ["checkpoints", "fetch", "--from", file_server.url], "Another process is fetching checkpoints")
    assert file_server.asked == []


@pytest.mark.parametrize("command", ["list", "fetch"])
def test_without_a_manifest_there_is_one_sentence(folder, capsys, command):
    (folder / "manifest.json").unlink()
    refused(capsys, ["checkpoints", command], f"{folder} has no manifest of checkpoints")


def test_a_copy_that_does_not_say_where_it_is_published_needs_an_address(folder, monkeypatch, tmp_path, capsys):
    remove(folder, NAMES[0])
    monkeypatch.setattr(paths, "REPOSITORY", tmp_path)
    words = "This copy does not say where it is published; give --from."
    refused(capsys, ["checkpoints", "fetch"], words)
    (tmp_path / "_config.yml").write_text('repository:\n  url: ""  # of the repository\n  branch: x\nhtml:\n  url: y\n')
    refused(capsys, ["checkpoints", "fetch"], words)


@pytest.mark.parametrize("written", ["{}", '"{}"', "'{}'", "{}  # of the repository", '"{}"  # of the repository'])
@pytest.mark.parametrize("url", ["https://github.com/an-owner/a.repo", "https://www.github.com/an-owner/a.repo.git/"])
def test_the_address_comes_from_the_configuration_of_the_book(monkeypatch, tmp_path, url, written):
    text = (paths.REPOSITORY / "_config.yml").read_text()
    before = yaml.safe_load(text)["repository"]["url"]
    (tmp_path / "_config.yml").write_text(text.replace(f'  url: "{before}"', f"  url: {written.format(url)}", 1))
    assert yaml.safe_load((tmp_path / "_config.yml").read_text())["repository"]["url"] == url
    monkeypatch.setattr(paths, "REPOSITORY", tmp_path)
    expected = "https://raw.githubusercontent.com/an-owner/a.repo/HEAD/data/checkpoints"
    assert checkpoints.default_source() == expected
    (tmp_path / "_config.yml").write_text(f"repository:\n# elsewhere\n\n  branch: main\n  url: {url}")
    assert checkpoints.default_source() == expected


def test_files_come_from_the_address_of_the_configuration(file_server, folder, monkeypatch):
    remove(folder, NAMES[0])
    monkeypatch.setattr(checkpoints, "default_source", lambda: f"{file_server.url}/moved")
    assert main(["checkpoints", "fetch"]) == 0
    assert whole(folder) == NAMES
    assert file_server.asked[0] == (f"/moved/{NAMES[0]}.safetensors", None)


def test_a_repository_elsewhere_needs_an_address(monkeypatch, tmp_path):
    (tmp_path / "_config.yml").write_text("repository:\n  url: https://example.org/an-owner/a.repo\n")
    monkeypatch.setattr(paths, "REPOSITORY", tmp_path)
    with pytest.raises(
        SMWMError, match=r"https://example\.org/an-owner/a\.repo, which is no repository on github\.com"
    ):
        checkpoints.default_source()


def test_what_is_missing_or_damaged_is_listed_as_such(folder, capsys):
    assert main(["checkpoints", "list"]) == 0
    assert capsys.readouterr().out.splitlines() == [f"{name:17}  0.00 MB  1,234 s of training" for name in NAMES]
    remove(folder, NAMES[0])
    (folder / f"{NAMES[2]}.safetensors").write_bytes(b"damaged")
    assert main(["checkpoints", "list"]) == 0
    *lines, last = capsys.readouterr().out.splitlines()
    states = ["missing", "1,234 s of training", "damaged"]
    assert lines == [f"{name:17}  0.00 MB  {state}" for name, state in zip(NAMES, states, strict=True)]
    assert last == "2 of 3 are not whole; `smwm checkpoints fetch` brings them."


def test_verify_says_that_there_is_no_manifest(tmp_path, monkeypatch, capsys):
    monkeypatch.setenv("SMWM_DATA", str(tmp_path))
    assert main(["checkpoints", "verify"]) == 2
    assert "has no manifest of checkpoints; restore it from git" in capsys.readouterr().err


def test_verify_names_files_without_an_entry(folder, capsys):
    assert main(["checkpoints", "verify"]) == 0
    (folder / "other.safetensors").write_bytes(b"who knows")
    (folder / "notes.txt").write_text("mine")
    capsys.readouterr()
    assert main(["checkpoints", "verify"]) == 2
    said = capsys.readouterr().err
    assert said.startswith("notes.txt, other.safetensors in ")
    assert said.endswith("no entry in the manifest there.\n")


@pytest.mark.parametrize("name", ["../../x.safetensors", "/x.safetensors", "manifest.json", "a/b.safetensors", "x"])
def test_a_manifest_from_elsewhere_writes_nowhere(folder, file_server, name, capsys):
    entry = json.loads((folder / "manifest.json").read_text())[f"{NAMES[0]}.safetensors"]
    (folder / "manifest.json").write_text(json.dumps({name: entry}))
    before = {path: path.read_bytes() for path in folder.parent.rglob("*") if path.is_file()}
    assert main(["checkpoints", "fetch", "--from", file_server.url]) == 2
    assert "is not a manifest of checkpoints" in capsys.readouterr().err
    assert {path: path.read_bytes() for path in folder.parent.rglob("*") if path.is_file()} == before
    assert not file_server.asked
