"""All that can go wrong in a set-up ends in its sentence, leaves the old engine, and goes on.

The whole way: a server on loopback, real files and processes. What Windows alone raises is
simulated.
"""

import errno
import os

import pytest

pytest.importorskip("PyQt5.QtNetwork", reason="needs PyQt5", exc_type=ImportError)

from krita_plugin.propagate_colors.link.pack import download, places, problems, unpack
from krita_plugin.propagate_colors.link.pack import steps as setting_up
from krita_plugin.propagate_colors.link.pack.download import Transfer
from krita_plugin.propagate_colors.link.pack.lock import Piece
from krita_plugin.propagate_colors.link.pack.problems import SetupProblem
from krita_plugin.propagate_colors.qt import network
from tests.support import loopback

TWO = "two-1.0-py3-none-any.whl"


@pytest.fixture
def update(setup):
    """An engine in use, and a function that sets another up, of which one wheel is missing."""
    setup.run(setup.install())
    setup.first = setup.lock["id"]
    (setup.engines.folder(setup.first) / "site/two/data.bin").write_bytes(b"gone")
    setup.server.asked.clear()
    pack = setup.pack(engine="2")

    def again():
        setup.run(setup.install(the_pack=pack))
        return setup.lock["id"]

    return again


def refused(setup, update):
    """Return the sentence that an update ends in; the old engine stays, and there is a remedy."""
    with pytest.raises(SetupProblem) as caught:
        update()
    assert setup.engines.current() == setup.first
    assert caught.value.ways
    return str(caught.value)


def goes_on(setup, update):
    setup.server.always = None
    assert setup.engines.is_unfinished()
    assert update() == setup.engines.current()
    assert not setup.engines.is_unfinished()
    assert sorted(path.name for path in setup.engines.root.iterdir()) == sorted(
        [setup.first, setup.engines.current(), "current"]
    )


@pytest.mark.parametrize(
    ("behaviour", "said"),
    [
        (loopback.cuts_after(1000), "The connection to 127.0.0.1 breaks off again and again: try"),
        (loopback.stalls_after(1000), "The download from 127.0.0.1 stopped or is too slow: try"),
        (loopback.drips, "The download from 127.0.0.1 stopped or is too slow: try later."),
        (loopback.lies_longer, "What 127.0.0.1 sends is not what was published: use a downloaded"),
        (loopback.lies_shorter, "What 127.0.0.1 sends is not what was published: use a downloaded"),
        (loopback.redirects_in_circles, "127.0.0.1 leads to an address that cannot be used: use"),
        (loopback.says(404), f"{TWO} cannot be downloaded from 127.0.0.1: use a downloaded pack."),
        (loopback.says(416), f"{TWO} cannot be downloaded from 127.0.0.1: use a downloaded pack."),
        (loopback.says(429), "127.0.0.1 is overloaded at present: try in some minutes."),
        (loopback.says(503), "127.0.0.1 is overloaded at present: try in some minutes."),
    ],
    ids=["cuts", "stalls", "drips", "longer", "shorter", "circles", "404", "416", "429", "503"],
)
def test_a_bad_server_ends_in_its_sentence_and_the_set_up_goes_on(setup, update, behaviour, said):
    setup.server.always = behaviour
    assert refused(setup, update).startswith(said)
    goes_on(setup, update)


def test_wrong_bytes_are_fetched_once_more_and_then_the_pack_is_named(setup, update):
    setup.server.always = loopback.lies
    assert refused(setup, update) == (
        "What was downloaded is not what was published, twice: use a downloaded pack."
    )
    assert setup.server.asked == [(TWO, ""), (TWO, "")]
    goes_on(setup, update)


def test_wrong_bytes_that_come_once_are_not_told_of(setup, update):
    setup.server.behave[TWO] = [loopback.lies]
    assert update() == setup.engines.current()
    assert len(setup.server.asked) == 2


def test_a_redirect_to_a_file_of_this_computer_is_not_followed(setup, update, tmp_path):
    place = (tmp_path / "served" / TWO).as_uri()
    setup.server.always = lambda request, data: request.answer(302, Location=place)
    assert "leads to an address that cannot be used" in refused(setup, update)
    goes_on(setup, update)


# ---- the network, as Qt tells of it


@pytest.mark.parametrize(
    ("name", "outcome", "behind_proxy"),
    [
        ("HostNotFoundError", download.OFFLINE, download.PROXY),
        ("ConnectionRefusedError", download.OFFLINE, download.PROXY),
        ("TimeoutError", download.OFFLINE, download.PROXY),
        ("NetworkSessionFailedError", download.OFFLINE, download.PROXY),
        ("UnknownNetworkError", download.OFFLINE, download.PROXY),
        ("ProxyConnectionRefusedError", download.PROXY, download.PROXY),
        ("ProxyNotFoundError", download.PROXY, download.PROXY),
        ("ProxyTimeoutError", download.PROXY, download.PROXY),
        ("ProxyAuthenticationRequiredError", download.PROXY, download.PROXY),
        ("SslHandshakeFailedError", download.TLS, download.TLS),
        ("RemoteHostClosedError", download.CUT, download.CUT),
        ("TemporaryNetworkFailureError", download.CUT, download.CUT),
        ("TooManyRedirectsError", download.REFUSED, download.REFUSED),
        ("InsecureRedirectError", download.REFUSED, download.REFUSED),
        ("ProtocolUnknownError", download.REFUSED, download.REFUSED),
    ],
)
def test_simulated_errors_of_the_network_are_told_apart(name, outcome, behind_proxy, tmp_path):
    errors = network().QNetworkReply.NetworkError
    piece = Piece(TWO, "http://files.example.org/" + TWO, 10, "ab" * 32)
    transfer = Transfer(None, piece, tmp_path / "x.part", download.Limits(), None, 0)
    assert transfer._kind_of(getattr(errors, name), errors) == outcome
    transfer.has_proxy = True
    assert transfer._kind_of(getattr(errors, name), errors) == behind_proxy


def test_every_outcome_of_a_download_has_a_sentence_with_the_host_and_a_remedy():
    piece = Piece(TWO, "https://files.example.org/" + TWO, 10, "ab" * 32)
    outcomes = {
        download.CUT, download.SLOW, download.BUSY, download.GONE, download.RANGE, download.WRONG,
        download.OFFLINE, download.PROXY, download.TLS, download.REFUSED,
    }  # fmt: skip
    said = {outcome: download._problem(outcome, piece) for outcome in outcomes}
    assert all("files.example.org" in str(problem) for problem in said.values())
    assert all(problem.ways == ("pack",) for problem in said.values())
    assert "clock" in str(said[download.TLS])


# ---- the disk


@pytest.mark.skipif(not os.path.exists("/dev/full"), reason="needs a disk that is full")
def test_a_disk_that_fills_up_while_it_downloads(setup, update):
    part = setup.engines.pieces / f"{TWO}.part"
    part.parent.mkdir(parents=True)
    part.symlink_to("/dev/full")
    assert refused(setup, update) == (
        f"The disk of {part.parent} is full: make room there, or choose another."
    )
    part.unlink()
    goes_on(setup, update)


def test_a_disk_that_fills_up_while_it_unpacks(setup, update, monkeypatch):
    def full(*_):
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(unpack, "unpack", full)
    said = refused(setup, update)
    assert said == f"The disk of {setup.engines.root} is full: make room there, or choose another."
    monkeypatch.undo()
    setup.server.asked.clear()
    goes_on(setup, update)
    assert setup.server.asked == [], "what was downloaded was kept"


def test_room_is_needed_for_what_is_written_not_for_files_of_the_engine_in_use(setup, monkeypatch):
    """Those get a second name."""
    setup.run(setup.install(the_pack=setup.pack(bytes_a_wheel=4_000_000)))
    pack = setup.pack(bytes_a_wheel=4_000_000, engine="2")
    disk = type("Usage", (), {"free": 53_000_000})
    monkeypatch.setattr(setting_up.shutil, "disk_usage", lambda path: disk)
    with pytest.raises(SetupProblem, match="needs 54 MB and 53 MB are free"):
        setup.run(setup.install(the_pack=pack))
    disk.free = 55_000_000
    setup.run(setup.install(the_pack=pack))
    assert setup.engines.current() == setup.lock["id"]


def test_a_disk_without_links_that_fills_up_while_files_are_copied(setup, update, monkeypatch):
    def fails(code):
        def call(*_):
            raise OSError(code, os.strerror(code))

        return call

    monkeypatch.setattr(setting_up.os, "link", fails(errno.EPERM))
    monkeypatch.setattr(setting_up.shutil, "copy2", fails(errno.ENOSPC))
    said = refused(setup, update)
    assert said == f"The disk of {setup.engines.root} is full: make room there, or choose another."
    monkeypatch.undo()
    goes_on(setup, update)


# ---- a virus scanner


@pytest.mark.parametrize(
    ("code", "said"),
    [
        (5, "Another program, perhaps a virus scanner, holds a file in"),
        (32, "Another program, perhaps a virus scanner, holds a file in"),
        (225, "A virus scanner removed a file of the engine: allow the folder"),
    ],
)
def test_simulated_scanners_are_waited_for_and_then_named(setup, update, monkeypatch, code, said):
    replace, waits = os.replace, []
    held = {"times": 2}

    def scanned(old, new):
        if str(old).endswith(".new") and held["times"]:
            held["times"] -= 1
            error = PermissionError(errno.EACCES, "denied")
            error.winerror = code
            raise error
        replace(old, new)

    monkeypatch.setattr(places.os, "replace", scanned)
    monkeypatch.setattr(
        places, "retrying", lambda call: problems.retrying(call, sleep=waits.append)
    )
    held["times"] = 1000
    assert refused(setup, update).startswith(said)
    assert 5 < sum(waits) < 10
    waits.clear()
    held["times"] = 2
    goes_on(setup, update)
    assert waits == [0.1, 0.2]
