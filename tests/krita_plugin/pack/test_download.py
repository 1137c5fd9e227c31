"""One piece downloaded with Qt's own network classes, from a server that is no good one."""

import hashlib
import random
import socket
import time

import pytest

pytest.importorskip("PyQt5.QtNetwork", reason="needs PyQt5", exc_type=ImportError)

from krita_plugin.propagate_colors.link.pack.background import Stage
from krita_plugin.propagate_colors.link.pack.download import Downloader, Limits
from krita_plugin.propagate_colors.link.pack.lock import Piece
from krita_plugin.propagate_colors.link.pack.problems import SetupProblem
from tests.support import loopback

NAME = "numpy-2.0.0-cp312-cp312-manylinux_2_28_x86_64.whl"
DATA = random.Random(1).randbytes(600_000)
HASH = hashlib.sha256(DATA).hexdigest()
LIMITS = Limits(
    least_bytes=2000, window_s=0.5, tries=3, wait_s=0.05, most_wait_s=0.4, progress_bytes=50_000
)


@pytest.fixture
def fetch(server, run, tmp_path):
    """Return a function that downloads the piece and returns its bytes."""
    (server.folder / NAME).write_bytes(DATA)
    folder = tmp_path / "pieces"

    def go(url=None):
        piece = Piece(NAME, url or f"{server.base}/{NAME}", len(DATA), HASH)
        stage = Stage(lambda *seen: None)
        run(Downloader(folder, LIMITS).fetch(piece, stage))
        assert stage.done == len(DATA)
        assert [path.name for path in folder.iterdir()] == [NAME], "no parts are left"
        return (folder / NAME).read_bytes()

    go.folder = folder
    return go


def test_a_good_server(fetch, server):
    assert fetch() == DATA
    assert server.asked == [(NAME, "")]


def test_cut_again_and_again_it_goes_on_where_it_was(fetch, server):
    server.behave[NAME] = [loopback.cuts_after(110_000)] * 5
    assert fetch() == DATA
    assert len(server.asked) == 6
    assert server.sent < 1.2 * len(DATA), "nothing was sent twice"
    assert [asked for _, asked in server.asked[1:3]] == ["bytes=110000-", "bytes=220000-"]


def test_a_file_that_changed_meanwhile_is_begun_anew(fetch, server):
    server.behave[NAME] = [
        loopback.cuts_after(110_000),
        lambda request, data: loopback.well(request, data, etag='"another"'),
    ]
    assert fetch() == DATA


def test_a_server_without_ranges_begins_anew(fetch, server):
    server.behave[NAME] = [
        loopback.cuts_after(110_000),
        lambda request, data: request.answer(200, data),
    ]
    assert fetch() == DATA


def test_begun_anew_a_transfer_longer_than_the_window_is_not_slow(fetch, server):
    def steadily(request, data):
        request.answer(200, b"", len(data))
        for place in range(0, len(data), 30_000):
            request.send(data[place : place + 30_000])
            time.sleep(LIMITS.window_s / 5)

    server.behave[NAME] = [loopback.cuts_after(400_000), steadily]
    assert fetch() == DATA
    assert len(server.asked) == 2


@pytest.mark.parametrize(
    "behaviour",
    [
        loopback.says(503),
        loopback.says(429, Retry_After="1"),
        loopback.says(500),
        loopback.stalls_after(70_000),
        loopback.says(416),
        loopback.lies_longer,
        loopback.lies_shorter,
        loopback.cuts_after(0),
        loopback.drips,
    ],
    ids=["503", "429", "500", "stalls", "416", "longer", "shorter", "cut", "drips"],
)
def test_what_happens_once_is_passed_over(fetch, server, behaviour):
    server.behave[NAME] = [behaviour]
    assert fetch() == DATA


def test_a_wrong_range_is_not_put_together(fetch, server):
    server.behave[NAME] = [loopback.cuts_after(110_000), loopback.lies_about_range]
    assert fetch() == DATA


def test_a_redirect_is_followed(fetch, server):
    server.behave[NAME] = [loopback.redirects]
    assert fetch() == DATA
    assert len(server.asked) == 2


def test_killed_right_before_its_renaming_nothing_is_asked_for(fetch, server):
    fetch.folder.mkdir()
    (fetch.folder / f"{NAME}.part").write_bytes(DATA)
    assert fetch() == DATA
    assert server.asked == []


@pytest.mark.parametrize(
    ("behaviour", "sentence"),
    [
        (loopback.says(404), "cannot be downloaded from"),
        (loopback.says(403), "cannot be downloaded from"),
        (loopback.says(410), "cannot be downloaded from"),
        (loopback.says(416), "cannot be downloaded from"),
        (loopback.says(407), "proxy does not let"),
        (loopback.says(429), "overloaded at present"),
        (loopback.says(503), "overloaded at present"),
        (loopback.says(500), "overloaded at present"),
        (loopback.stalls_after(1000), "stopped or is too slow"),
        (loopback.drips, "stopped or is too slow"),
        (loopback.cuts_after(1000), "breaks off again and again"),
        (loopback.lies_longer, "not what was published"),
        (loopback.lies_shorter, "not what was published"),
        (loopback.redirects_in_circles, "leads to an address"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_what_stays_ends_in_its_sentence(fetch, server, behaviour, sentence):
    server.always = behaviour
    with pytest.raises(SetupProblem, match=sentence) as caught:
        fetch()
    assert str(caught.value).endswith((".", "pack."))
    assert "pack" in caught.value.ways


def test_what_was_there_is_kept_where_the_server_is_gone(fetch, server):
    server.behave[NAME] = [loopback.cuts_after(300_000)]
    server.always = loopback.says(503)
    with pytest.raises(SetupProblem):
        fetch()
    assert (fetch.folder / f"{NAME}.part").stat().st_size == 300_000
    server.always = None
    assert fetch() == DATA
    assert server.asked[-1][1] == "bytes=300000-"


def test_nobody_listens(fetch):
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    with pytest.raises(SetupProblem, match=r"127\.0\.0\.1 cannot be reached"):
        fetch(f"http://127.0.0.1:{port}/{NAME}")


def test_a_proxy_that_is_not_there(fetch, monkeypatch):
    monkeypatch.setenv("http_proxy", "http://127.0.0.1:1")
    with pytest.raises(SetupProblem, match="proxy does not let"):
        fetch("http://example.invalid/" + NAME)


def test_no_safe_connection(fetch, server):
    with pytest.raises(SetupProblem, match="No safe connection"):
        fetch(server.base.replace("http:", "https:") + f"/{NAME}")
