"""The environments of other tools: made once, named by their pins, and a failure that says why."""

from __future__ import annotations

import pytest

from . import peers


@pytest.fixture
def pins(tmp_path, monkeypatch):
    """A folder of pins and a cache of the test's own."""
    folder = tmp_path / "pins"
    folder.mkdir()
    monkeypatch.setattr(peers, "TESTS", tmp_path)
    monkeypatch.setattr(peers, "CACHE", tmp_path / "cache")
    return folder


def test_an_environment_is_made_once_and_again_when_its_pins_change(pins, tmp_path):
    (pins / "empty.txt").write_text("# nothing\n")
    first = peers.peer("empty")
    assert first.run("import sys; print(sys.argv[1:])", "a", 1, cwd=tmp_path).stdout == "['a', '1']\n"
    (first.python.parent / "kept").touch()
    assert (peers.peer("empty").python.parent / "kept").exists()
    (pins / "empty.txt").write_text("# nothing else\n")
    assert peers.peer("empty").python != first.python


def test_a_tool_that_cannot_be_had_says_why(pins, tmp_path):
    (pins / "absent.txt").write_text(f"{tmp_path}/no-such-package.whl\n")
    for _ in range(2):
        with pytest.raises(peers.PeerUnavailableError, match=r"absent could not be made: .*no-such-package"):
            peers.peer("absent")


def test_a_script_that_fails_fails_the_test(pins, tmp_path):
    (pins / "empty.txt").write_text("")
    with pytest.raises(AssertionError, match="ZeroDivisionError"):
        peers.peer("empty").run("1 / 0", cwd=tmp_path)
