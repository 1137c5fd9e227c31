import os

import pytest

from krita_plugin.propagate_colors import log


@pytest.fixture(autouse=True)
def _closed():
    yield
    log.stop()


def test_three_files_of_a_megabyte_at_most(tmp_path):
    path = log.start(str(tmp_path / "data"))
    for _ in range(45):
        log.logger.info("x" * 100_000)
    log.stop()
    files = sorted((tmp_path / "data").iterdir())
    assert [file.name for file in files] == [
        os.path.basename(path) + ending for ending in ("", ".1", ".2")
    ]
    assert all(file.stat().st_size <= 1_000_000 for file in files)


def test_diagnostics_show_facts_and_the_end_of_the_log(tmp_path):
    log.start(str(tmp_path))
    for number in range(400):
        log.logger.warning("line %d", number)
    text = log.diagnostics({"Krita": "5.1.5"})
    assert "Krita: 5.1.5" in text
    assert "line 399" in text
    assert "line 100\n" not in text


def test_diagnostics_without_a_log(tmp_path):
    log.start(str(tmp_path))
    assert "(none)" in log.diagnostics({})


@pytest.mark.parametrize(
    "secret",
    [
        "/home/mira/films/secret hero/shot 12.kra",
        "C:\\Users\\Mira\\films\\secret hero.kra",
        "~/secret/shot.kra",
        "/media/disk/secret",
        "secret.png",
        "/mnt/x/shot_secret.kra~",
    ],
)
def test_file_names_are_replaced(secret, monkeypatch):
    monkeypatch.setenv("HOME", "/home/mira")
    text = log.anonymise(f'opened {secret} in 3 ms, then "{secret}" again')
    assert "secret" not in text
    assert "mira" not in text.lower()
    assert "in 3 ms" in text


def test_equal_names_keep_one_alias_and_different_ones_differ():
    text = log.anonymise("/a/one.kra /a/two.kra /a/one.kra")
    first, second, third = text.split("] ")
    assert first.strip("]") == third.strip("]") != second.strip("]")


def test_given_names_are_replaced_where_they_are_quoted_and_nowhere_else():
    """Sentences quote names; a layer called "Colors" must not take that word from all others."""
    said = 'Propagate Colors: the layer "Colors" and the Ebene „Ink“ are hidden; "Inker" stays'
    text = log.anonymise(said, ["Ink", "Colors", ""])
    wanted = (
        'Propagate Colors: the layer "[name 1]" and the Ebene „[name 2]“ are hidden; "Inker" stays'
    )
    assert text == wanted


def test_a_traceback_keeps_the_names_of_code():
    text = log.anonymise('File "/home/mira/.local/share/krita/pykrita/x/host.py", line 12, in put')
    assert text == 'File ".../host.py", line 12, in put'


def test_versions_fractions_and_times_stay():
    text = "Krita 5.1.5, RGBA/U8, 3/40 frames, 12:30:01, 1920 x 1080, cpu"
    assert log.anonymise(text) == text
