"""A run's outputs are the same, byte for byte, in any surroundings.

A home that is missing and a cache that cannot be written are in test_service_account.py.
"""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from scripts.attacks.kills import outputs_of
from tests.support.command_line import ROOT, environment
from tests.support.drawn import make_shot

# As in a program that follows the user's language, such as a painting program or a notebook.
PROGRAM = (
    "import locale, runpy, sys; locale.setlocale(locale.LC_ALL, '');"
    "sys.argv = sys.argv[1:]; runpy.run_path(sys.argv[0], run_name='__main__')"
)
FAKE = str(ROOT / "tests" / "support" / "run_with_fake.py")
LONGEST_PATH = 3700  # bytes


@pytest.fixture(scope="module")
def locales(tmp_path_factory):
    """Turkish and German as glibc has them: a dotted capital I, a decimal comma."""
    folder = tmp_path_factory.mktemp("locales")
    for name in ("tr_TR", "de_DE"):
        if shutil.which("localedef") is None or not Path("/usr/share/i18n/locales", name).exists():
            pytest.skip("needs Debian's package locales")
        made = folder / f"{name}.UTF-8"
        subprocess.run(["localedef", "--no-archive", "-i", name, "-f", "UTF-8", made], check=True)
    return {"LOCPATH": str(folder)}


def run(shot, out, settings=None, options=(), start=(), arguments=()):
    """Colour a shot; return the outputs without history."""
    variables = environment() | {"PYTHONPATH": str(ROOT)} | (settings or {})
    command = ["propagate", str(shot), "--out", str(out), *arguments]
    done = subprocess.run(
        [*start, sys.executable, *options, "-c", PROGRAM, FAKE, *command],
        env={name: value for name, value in variables.items() if value is not None},
        capture_output=True,
        timeout=300,
        check=False,
    )
    said = done.stderr.decode("utf-8", "replace")
    assert done.returncode == 0, said
    assert "Traceback" not in said
    return outputs_of(out)


@pytest.fixture(scope="module")
def shot(tmp_path_factory):
    return make_shot(tmp_path_factory.mktemp("shot"), frames=range(1, 5), painted=[1])


@pytest.fixture(scope="module")
def calm(shot, tmp_path_factory):
    """A run as any other, and where it lies: reports hold paths."""
    out = tmp_path_factory.mktemp("out") / "shot"
    found = run(shot, out)
    assert {"color/0002.png", "report.json", "review.html"} <= found.keys()
    return out, found


def same(shot, calm, *arguments, **surroundings):
    out, expected = calm
    shutil.rmtree(out)
    found = run(shot, out, *arguments, **surroundings)
    for report in (found["report.json"], expected["report.json"]):
        report["settings"].pop("threads", None)
    assert found.keys() == expected.keys()
    assert [name for name in found if found[name] != expected[name]] == []


@pytest.mark.parametrize(
    "settings",
    [
        {"NUMBA_NUM_THREADS": "1", "OMP_NUM_THREADS": "1"},
        {"NUMBA_NUM_THREADS": "4", "OMP_NUM_THREADS": "7"},
        {"LC_ALL": "POSIX", "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0"},
        {"TZ": "Asia/Kathmandu"},
        {"TZ": "no/such:zone,"},
        {"PYTHONHASHSEED": "1"},
        {"PYTHONHASHSEED": "4294967295"},
        {"HOME": None, "XDG_CACHE_HOME": None, "XDG_CONFIG_HOME": None, "USER": None},
        {"XDG_CACHE_HOME": "/proc/none", "XDG_DATA_HOME": "/dev/null/none", "TMPDIR": "/none"},
    ],
    ids=str,
)
def test_variables(shot, calm, settings):
    same(shot, calm, settings)


@pytest.mark.parametrize("name", ["tr_TR.UTF-8", "de_DE.UTF-8"])
def test_languages(shot, calm, locales, name):
    settings = locales | {"LC_ALL": name, "LANG": name}
    ask = "import locale; locale.setlocale(locale.LC_ALL, ''); print(locale.str(1.5))"
    told = subprocess.run(
        [sys.executable, "-c", ask], env=os.environ | settings, capture_output=True, check=True
    )
    assert told.stdout.strip() == b"1,5", "the language is not there"
    same(shot, calm, settings)


def test_without_assertions_and_docstrings(shot, calm):
    same(shot, calm, options=["-OO"])


@pytest.mark.skipif(os.name != "posix", reason="a folder in use cannot be removed")
def test_in_a_folder_that_was_removed(shot, calm, tmp_path):
    gone = tmp_path / "gone"
    gone.mkdir()
    start = ("sh", "-c", 'cd "$0" && rmdir "$0" && exec "$@"', str(gone))
    same(shot, calm, start=start)
    assert not gone.exists()


@pytest.mark.parametrize("threads", [1, 3])
def test_threads_that_are_asked_for(shot, calm, threads):
    same(shot, calm, arguments=["--threads", str(threads)])


@pytest.mark.skipif(sys.platform != "linux", reason="other systems have shorter paths")
def test_paths_of_almost_all_bytes_that_a_path_may_have(shot, calm, tmp_path):
    """Names of the output's own files come behind it."""
    deep = tmp_path
    while (left := LONGEST_PATH - len(os.fsencode(deep)) - 1) > 10:
        deep /= ("ünïcödé " * 20)[: min(left, 200) // 2 - 2].strip() or "x"
    place = shutil.copytree(shot, deep / "shot")
    assert LONGEST_PATH - 100 < len(os.fsencode(place)) < LONGEST_PATH
    found = run(place, deep / "out")
    _, expected = calm
    pictures = [name for name in expected if name.startswith("color/")]
    assert len(pictures) == 4
    assert [name for name in pictures if found[name] != expected[name]] == []
