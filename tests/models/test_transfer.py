"""Fetching one file from servers that do everything wrong."""

import email.utils
import hashlib
import io
import os
import threading
import time
import urllib.request
from dataclasses import replace
from functools import partial

import pytest

from ant_core.errors import Cancelled, ModelCorrupt, ModelMissing, OutputError
from ant_core.models.http import AddressRefused, _Redirects
from ant_core.models.transfer import Patience, fetch
from tests.models.conftest import some_bytes
from tests.support import loopback as act

CONTENT = some_bytes(300_000)
SHA256 = hashlib.sha256(CONTENT).hexdigest()
QUICK = Patience(timeout_s=0.3, tries=3, pause_s=0.01, longest_wait_s=2)
A, B = "/a/file", "/b/file"


@pytest.fixture
def get(server, tmp_path):
    """Fetch the file from some paths of the server; return the part file."""
    server.files = {A: CONTENT, B: CONTENT}
    part = tmp_path / "file.part"

    def run(*paths, patience=QUICK, **more):
        urls = [path if "://" in path else server.base + path for path in paths or (A,)]
        fetch(urls, part, len(CONTENT), SHA256, patience=patience, **more)
        return part

    run.part = part
    return run


def test_a_whole_file(get, server):
    told = []
    assert get(on_progress=told.append).read_bytes() == CONTENT
    assert server.starts(A) == [None]
    assert told == sorted(told)
    assert told[-1] == len(CONTENT)


def test_a_file_that_is_there_is_not_asked_for(get, server):
    get.part.write_bytes(CONTENT)
    get()
    assert server.requests == []


def test_a_part_is_gone_on_from(get, server):
    get.part.write_bytes(CONTENT[:1000])
    assert get().read_bytes() == CONTENT
    assert server.starts(A) == [1000]


def test_a_cut_connection_is_gone_on_from(get, server):
    server.behave[A] = [act.cuts_after(1000), act.cuts_after(0), act.cuts_after(500)]
    assert get().read_bytes() == CONTENT
    assert server.starts(A) == [None, 1000, 1000, 1500]


def test_many_cuts_do_not_end_it_as_long_as_bytes_arrive(get, server):
    server.behave[A] = [act.cuts_after(100)] * 20
    assert get().read_bytes() == CONTENT
    assert server.starts(A)[-1] == 2000


def test_a_server_that_gives_a_byte_a_time_is_told_of_once(get, server):
    server.behave[A] = [act.cuts_after(1)] * 200 + [act.says(404)]
    with pytest.raises(ModelMissing, match="breaks off at byte 200 of 300000, answers 404") as told:
        get()
    assert str(told.value).count("breaks off") == 1


def test_a_server_that_always_cuts_at_once_is_left(get, server):
    server.behave[A] = [act.cuts_after(0)] * 9
    with pytest.raises(ModelMissing, match=r"breaks off at byte 0 of 300000.*import FILE"):
        get()
    assert len(server.requests) == QUICK.tries


def test_a_server_that_ignores_range(get, server):
    server.behave[A] = [act.cuts_after(1000, ranges=False), act.ignores_range]
    assert get().read_bytes() == CONTENT
    assert server.starts(A) == [None, 1000]


def test_a_server_that_ignores_range_and_cuts_at_the_same_byte_is_left(get, server):
    server.behave[A] = [act.cuts_after(1000, ranges=False)] * 9
    with pytest.raises(ModelMissing, match="breaks off at byte 1000"):
        get()
    assert get.part.read_bytes() == CONTENT[:1000]
    assert len(server.requests) == 1 + QUICK.tries


def test_a_server_that_answers_another_range_is_asked_without(get, server):
    get.part.write_bytes(CONTENT[:1000])
    server.behave[A] = [act.sends_another_part]
    assert get().read_bytes() == CONTENT
    assert server.starts(A) == [1000, None]


def test_416_is_asked_again_without_a_range(get, server):
    get.part.write_bytes(CONTENT[:1000])
    server.behave[A] = [act.says(416)]
    assert get().read_bytes() == CONTENT
    assert server.starts(A) == [1000, None]


def test_a_part_that_is_too_long_is_thrown_away(get, server):
    get.part.write_bytes(CONTENT + b"more")
    assert get().read_bytes() == CONTENT
    assert server.starts(A) == [None]


def test_a_damaged_part_is_fetched_anew(get, server):
    get.part.write_bytes(b"\0" * 1000)
    assert get().read_bytes() == CONTENT
    assert server.starts(A) == [1000, None]


def test_a_damaged_whole_part_is_fetched_anew(get, server):
    get.part.write_bytes(b"\0" * len(CONTENT))
    assert get().read_bytes() == CONTENT
    assert server.starts(A) == [None]


# ---- several mirrors


def test_404_goes_to_the_next_mirror_and_is_not_asked_again(get, server):
    server.behave[A] = [act.says(404)]
    assert get(A, B).read_bytes() == CONTENT
    assert (server.starts(A), server.starts(B)) == ([None], [None])


def test_a_cut_goes_on_at_the_next_mirror(get, server):
    server.behave[A] = [act.cuts_after(1000)]
    assert get(A, B).read_bytes() == CONTENT
    assert (server.starts(A), server.starts(B)) == ([None], [1000])


def test_an_unreachable_mirror_is_passed_over(get, closed_port):
    assert get(f"http://127.0.0.1:{closed_port}/file", B).read_bytes() == CONTENT


def test_wrong_bytes_go_to_the_next_mirror(get, server):
    server.behave[A] = [act.lies] * 3
    assert get(A, B).read_bytes() == CONTENT
    assert server.starts(A) == [None]


def test_wrong_bytes_mixed_with_right_ones_are_found_out(get, server):
    # A gives the wrong beginning, B the right end: neither may be blamed for the sum.
    server.behave[A] = [lambda h, c: act.cuts_after(1000)(h, bytes(len(c)))] + [act.lies] * 3
    assert get(A, B).read_bytes() == CONTENT
    assert server.starts(A) == [None, None]
    assert server.starts(B) == [1000, None]


def test_wrong_bytes_everywhere(get, server):
    server.behave = {A: [act.lies] * 3, B: [act.lies] * 3}
    with pytest.raises(ModelCorrupt, match=r"/a/file gave wrong bytes; .*/b/file gave wrong bytes"):
        get(A, B)
    assert not get.part.exists()


# ---- lengths


def test_another_length_than_the_registry_says(get, server):
    server.files[A] = CONTENT[:-1]
    with pytest.raises(ModelMissing, match="has a file of 299999 bytes where 300000 are expected"):
        get()
    assert len(server.requests) == 1


def test_another_length_in_the_range_answer(get, server):
    get.part.write_bytes(CONTENT[:1000])
    server.files[A] = CONTENT + b"more"
    with pytest.raises(ModelMissing, match="has a file of 300004 bytes"):
        get()


@pytest.mark.parametrize("length", [10, 299_999, 300_001, 10**12])
def test_a_length_that_is_a_lie_is_no_reason_to_trust_the_rest(get, server, length):
    server.behave[A] = [act.lies_about_length(length)]
    assert get(A, B).read_bytes() == CONTENT
    assert server.starts(B) == [None]


def test_no_length_at_all(get, server):
    server.behave[A] = [act.says_no_length]
    assert get().read_bytes() == CONTENT


def test_more_than_expected_without_a_length(get, server):
    server.files[A] = CONTENT + bytes(10_000_000)
    server.behave[A] = [act.says_no_length]
    with pytest.raises(ModelMissing, match="sends more than the 300000 bytes expected"):
        get()
    assert get.part.stat().st_size <= len(CONTENT)


# ---- waiting


@pytest.mark.parametrize("code", [408, 429, 500, 502, 503, 504])
def test_temporary_answers_are_tried_again(get, server, code):
    server.behave[A] = [act.says(code)]
    assert get().read_bytes() == CONTENT
    assert len(server.requests) == 2


@pytest.mark.parametrize("code", [400, 401, 403, 404, 410, 501])
def test_final_answers_are_not(get, server, code):
    server.behave[A] = [act.says(code)]
    with pytest.raises(ModelMissing, match=rf"/a/file answers {code} "):
        get()
    assert len(server.requests) == 1


def test_retry_after_is_heeded(get, server):
    server.behave[A] = [act.says(429, Retry_After="1")]
    assert get().read_bytes() == CONTENT
    first, second = (request.time for request in server.requests)
    assert second - first >= 0.99


def test_another_mirror_is_asked_meanwhile(get, server):
    server.behave[A] = [act.says(429, Retry_After="2")]
    assert get(A, B).read_bytes() == CONTENT
    assert (server.starts(A), server.starts(B)) == ([None], [None])


def test_a_retry_after_beyond_all_patience_ends_it(get, server):
    server.behave[A] = [act.says(503, Retry_After="86400")]
    with pytest.raises(ModelMissing, match="asks to come back in 86400 s"):
        get()


@pytest.mark.parametrize("value", ["soon", "-1", "", "Mon, 99 Foo"])
def test_a_retry_after_that_means_nothing(get, server, value):
    server.behave[A] = [act.says(503, Retry_After=value)]
    assert get().read_bytes() == CONTENT


def test_a_stalled_connection_is_gone_on_from(get, server):
    server.behave[A] = [act.stalls_after(1000)]
    assert get().read_bytes() == CONTENT
    assert server.starts(A) == [None, 1000]


def test_a_server_that_never_answers(get, server):
    server.behave[A] = [act.says_nothing] * 3
    with pytest.raises(ModelMissing, match="does not answer in time"):
        get()


def test_a_server_that_speaks_something_else(get, server):
    server.behave[A] = [act.says_what_is_no_http] * 3
    with pytest.raises(ModelMissing, match=r"breaks off \(BadStatusLine\)"):
        get()


# ---- ways


def test_redirects_keep_the_range(get, server):
    get.part.write_bytes(CONTENT[:1000])
    server.behave[A] = [act.says(302, Location=B)]
    assert get().read_bytes() == CONTENT
    assert server.starts(B) == [1000]


def test_endless_redirects(get, server):
    server.behave[A] = [act.says(302, Location=A)] * 50
    with pytest.raises(ModelMissing, match="answers 302 and redirects without end") as told:
        get()
    assert "\n" not in str(told.value)


@pytest.mark.parametrize("target", ["file:///etc/passwd", "ftp://127.0.0.1/file"])
def test_redirects_lead_to_http_alone(get, server, target):
    server.behave[A] = [act.says(302, Location=target)]
    with pytest.raises(ModelMissing, match=rf"{target}('? is not allowed|, which is not followed)"):
        get()


def test_a_secured_address_does_not_lead_to_an_open_one():
    request = urllib.request.Request("https://127.0.0.1/file")
    with pytest.raises(AddressRefused, match=r"redirects to http://127\.0\.0\.1/other"):
        _Redirects().redirect_request(
            request, io.BytesIO(), 302, "Found", {}, "http://127.0.0.1/other"
        )


def test_a_proxy_of_the_environment_is_used(get, server, monkeypatch):
    address = "http://models.invalid/file"
    server.files[address] = CONTENT
    monkeypatch.setenv("http_proxy", server.base)
    assert get(address).read_bytes() == CONTENT
    assert [request.path for request in server.requests] == [address]


def test_no_proxy_is_heeded(get, server, monkeypatch, closed_port):
    monkeypatch.setenv("http_proxy", f"http://127.0.0.1:{closed_port}")
    monkeypatch.setenv("no_proxy", "127.0.0.1")
    assert get().read_bytes() == CONTENT


def test_nobody_there(get, closed_port):
    get.part.write_bytes(CONTENT[:1000])
    with pytest.raises(ModelMissing, match=r"Connection refused.*HTTPS_PROXY.*what has arrived"):
        get(f"http://127.0.0.1:{closed_port}/file")
    assert get.part.read_bytes() == CONTENT[:1000]


def test_a_key_in_the_address_stays_out_of_the_message(get):
    with pytest.raises(ModelMissing) as caught:
        get("/none?key=secret")
    assert "/none answers 404" in str(caught.value)
    assert "secret" not in str(caught.value)


# ---- stopping


def test_a_stop_keeps_what_has_arrived(get, server):
    cancel = threading.Event()
    server.behave[A] = [act.stalls_after(1000)]

    def stop(done):
        if done:
            cancel.set()
            server.release.set()

    with pytest.raises(Cancelled, match="what has arrived is kept"):
        get(on_progress=stop, cancel=cancel)
    kept = get.part.read_bytes()
    assert len(kept) >= 1000
    assert CONTENT.startswith(kept)
    assert get().read_bytes() == CONTENT


@pytest.mark.parametrize("as_date", [False, True])
def test_a_stop_ends_a_pause(get, server, as_date):
    cancel = threading.Event()
    after = email.utils.formatdate(time.time() + 500, usegmt=True) if as_date else "500"
    server.behave[A] = [act.says(503, Retry_After=after)]
    patience = Patience(longest_wait_s=1000)
    told = []

    def stop(text):
        told.append(text)
        cancel.set()

    with pytest.raises(Cancelled):
        get(patience=patience, on_wait=stop, cancel=cancel)
    assert "answers 503" in told[0]
    seconds = int(told[0].split()[-2])
    assert 480 <= seconds <= 500 if as_date else seconds == 500  # the test's own time counts


def test_a_folder_that_cannot_be_written(server, tmp_path):
    server.files = {A: CONTENT}
    (tmp_path / "file").write_bytes(b"")
    with pytest.raises(OutputError, match=r"cannot be (written|made)"):
        fetch([server.base + A], tmp_path / "file" / "part", len(CONTENT), SHA256, patience=QUICK)


def test_headers_that_trickle_in_are_not_waited_for(get, server):
    server.behave[A] = [act.drips_headers(0.1)] * 9
    begun = time.monotonic()
    with pytest.raises(ModelMissing, match="does not answer in time"):
        get(patience=replace(QUICK, tries=1))
    assert time.monotonic() - begun < 20  # it would go on for minutes
    assert not get.part.exists()


def test_a_server_that_sends_too_slowly_is_left_for_the_next(get, server):
    server.behave[A] = [partial(act.drips, pause_s=0.05, count=50)]
    patience = replace(QUICK, least_rate=10_000, rate_over_s=0.5)
    assert get(A, B, patience=patience).read_bytes() == CONTENT
    assert server.starts(A) == [None]
    assert server.starts(B)[0] > 0


def test_a_download_has_a_total_time(get, server):
    server.behave[A] = [partial(act.drips, pause_s=0.05, count=50)]
    with pytest.raises(ModelMissing, match=r"did not give it within .* hours.*is kept"):
        get(patience=replace(QUICK, longest_s=0.6))
    assert get.part.stat().st_size > 0


def test_progress_is_told_once_the_server_answers(get, server):
    server.behave[A] = [act.cuts_after(0)]
    told = []
    get(on_progress=told.append)
    assert told[0] == 0


@pytest.mark.parametrize("link", [os.symlink, os.link])
def test_a_link_in_place_of_the_part_is_not_written_through(get, server, tmp_path, link):
    other = tmp_path / "of the artist"
    other.write_bytes(CONTENT[:1000])
    link(other, get.part)
    assert get().read_bytes() == CONTENT
    assert other.read_bytes() == CONTENT[:1000]
    assert not get.part.is_symlink()
    assert get.part.stat().st_nlink == 1
