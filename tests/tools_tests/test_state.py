"""The state folder: one supervisor at a time, secrets for this user alone, sockets that fit."""

import stat

import pytest

from tools.supervisor import logs
from tools.supervisor.errors import CannotStart
from tools.supervisor.state import LONGEST_SOCKET_PATH, State


@pytest.fixture
def state(tmp_path, monkeypatch):
    monkeypatch.setenv("SLIPWAY_DATA_DIR", str(tmp_path / "state"))
    return State.here()


def test_a_second_supervisor_does_not_get_the_lock(state):
    with state.lock():
        assert state.lock() is None
    with state.lock() as again:
        assert again


def test_a_run_file_of_a_process_that_has_gone_is_no_running_supervisor(state):
    state.describe("http://127.0.0.1:1/", serving=True)
    assert state.running().serving
    path = state.run / "supervisor.json"
    path.write_text(path.read_text().replace('"start_ticks": ', '"start_ticks": 1'))
    assert state.running() is None


def test_the_secret_key_is_made_once_and_is_private(state):
    key = state.secret_key()
    assert len(key) >= 50
    assert state.secret_key() == key
    assert stat.S_IMODE((state.root / "secret-key").stat().st_mode) == 0o600


def test_a_socket_lies_in_the_run_folder_when_its_path_is_short(state, monkeypatch, tmp_path):
    short = State(tmp_path.__class__("/tmp/s"))
    assert str(short.socket("valkey.sock")) == "/tmp/s/run/valkey.sock"


@pytest.mark.parametrize("name", ["x" * 120, "with space", "per%cent", "hash#", "ünïcode"])
def test_a_long_or_odd_path_gets_a_short_private_socket_folder(tmp_path, name):
    path = State(tmp_path / name).socket("valkey.sock")
    assert len(str(path)) <= LONGEST_SOCKET_PATH
    assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700
    assert path == State(tmp_path / name).socket("valkey.sock")
    path.parent.rmdir()


def test_a_socket_folder_that_others_can_enter_is_refused(tmp_path):
    state = State(tmp_path / ("y" * 120))
    folder = state.socket("valkey.sock").parent
    folder.chmod(0o755)
    with pytest.raises(CannotStart, match="is not a private folder of this user"):
        state.socket("valkey.sock")
    folder.rmdir()


def test_a_grown_log_is_cut_under_its_writer_and_old_ones_are_kept(tmp_path):
    log = tmp_path / "web.log"
    with log.open("ab", buffering=0) as writer:
        for round_ in range(5):
            writer.write(f"round {round_} ".encode() + b"x" * 100 + b"\n")
            assert logs.rotate(log, largest=50, kept=3)
            assert not logs.rotate(log, largest=50, kept=3)
        writer.write(b"after\n")
    assert log.read_text() == "after\n"
    assert [(tmp_path / f"web.log.{n}").read_text()[:7] for n in (1, 2, 3)] == [
        "round 4",
        "round 3",
        "round 2",
    ]
    assert not (tmp_path / "web.log.4").exists()


def test_a_tail_begins_at_this_start_of_the_part(tmp_path):
    log = tmp_path / "web.log"
    log.write_text("old\n")
    since = log.stat().st_size
    log.write_text("old\nnew\nnewer\n")
    assert logs.tail(log, since=since) == "    new\n    newer"
