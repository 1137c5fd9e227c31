"""The docker's words for the engine's: they start from what the engine really says."""

import ast
import functools
import logging
import re
import string
from pathlib import Path

import pytest

from krita_plugin.propagate_colors import i18n
from krita_plugin.propagate_colors.link import engine_texts
from krita_plugin.propagate_colors.link.engine_texts import sentence, translated

ROOT = Path(__file__).parents[3]
# Where the engine's sentences are written that a request of the docker can end in.
ROOMS = ("ant_core/engine", "ant_core/models", "ant_core/matching", "ant_core/formats")
FILES = (
    "ant_core/files.py",
    "ant_core/color/krita_layers.py",
    "ant_core/color/pixels.py",
    "ant_core/propagation/explain.py",
    "ant_core/propagation/painter.py",
    "ant_core/propagation/run.py",
    "ant_core/propagation/suggest.py",
    "ant_core/shot/hints.py",
    "ant_core/shot/model_sheet.py",
    "ant_core/shot/lines_and_colors.py",
    "segmentation/ground.py",
    "segmentation/lines.py",
)
# Files of which the artist may meet every sentence but these, and why not.
WHOLE = (
    "ant_core/engine/checks.py",
    "ant_core/engine/past.py",
    "ant_core/propagation/explain.py",
    "ant_core/engine/session.py",
    "ant_core/engine/shades.py",
    "ant_core/engine/sheets.py",
    "ant_core/engine/labels.py",
    "ant_core/engine/handlers.py",
    "ant_core/engine/model_store.py",
    "ant_core/shot/model_sheet.py",
    "ant_core/shot/lines_and_colors.py",
    "segmentation/ground.py",
    "segmentation/lines.py",
)
FAULTS_OF_THE_PLUGIN = {
    'the layer "{}" came without what is painted on it ({}): send it before the run',
    'frames {} of the layer "{}" came without line drawing: send it before the run',
    'the layer "{}" is to be moved twice: name it once',
    "{} came without {}: send it before the run",
    "frame {} came without line drawing: send it first",
    "the model sheet {} was not added: add it before the run",
    "the origin of a reference is {}, expected painted or accepted",
    "the point {}, {} lies outside the picture of {} x {} pixels",
    "there is no segment {} in frame {}, which has 1 to {}",
    "hello was said before: start another engine to change it",
    "{} came before hello: say hello first",
    "the shot {} is not open: send open_shot first, and its drawings and references anew",
    # A path that a file dialog of this computer gave is one of this computer.
    "the path {} holds characters that this system has no name for: rename the file",
}


@pytest.fixture(autouse=True)
def _english_afterwards():
    yield
    i18n.start("en", [])


def shape(text):
    """Return a text with {} in place of what is filled in."""
    return "".join(fixed + ("" if name is None else "{}") for fixed, name, *_ in fields(text))


def fields(text):
    return string.Formatter().parse(text)


def written(node):
    """Return the text of a literal or f-string of the engine's source; None for anything else."""
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        return node.value
    if isinstance(node, ast.JoinedStr):
        parts = [p.value if isinstance(p, ast.Constant) else "{}" for p in node.values]
        return "".join(parts)
    return None


@functools.cache
def source(path):
    return ast.parse((ROOT / path).read_text(encoding="utf-8"))


@functools.cache
def engine_source():
    """Return every text in the engine's source."""
    paths = [path.relative_to(ROOT) for room in ROOMS for path in (ROOT / room).rglob("*.py")]
    nodes = (node for path in [*paths, *FILES] for node in ast.walk(source(path)))
    return {text for text in map(written, nodes) if text}


def raised(path):
    """Yield the sentences that a file of the engine raises errors with."""
    for node in ast.walk(source(path)):
        if isinstance(node, ast.Raise) and isinstance(node.exc, ast.Call) and node.exc.args:
            said = node.exc.args[0]
            branches = (said.body, said.orelse) if isinstance(said, ast.IfExp) else (said,)
            yield from filter(None, map(written, branches))


def test_every_pattern_is_a_text_of_the_engine():
    texts = engine_source()
    texts |= {"frame {}", "frames {}"} if {"frame ", "frames "} <= texts else set()
    assert [text for text, _ in engine_texts._SAID if shape(text) not in texts] == []


@pytest.mark.parametrize("path", WHOLE)
def test_every_sentence_that_the_artist_may_meet_has_a_pattern(path):
    known = {shape(text) for text, _ in engine_texts._SAID} | FAULTS_OF_THE_PLUGIN
    assert [text for text in raised(path) if text not in known] == []


def test_the_list_of_faults_is_of_sentences_that_are_there():
    assert FAULTS_OF_THE_PLUGIN - {text for path in WHOLE for text in raised(path)} == set()


@pytest.mark.parametrize("said", [text for text, _ in engine_texts._SAID])
@pytest.mark.parametrize("code", ["en", "de", "fr", "es", "ja", "zh"])
def test_every_pattern_is_told_in_every_language(code, said):
    i18n.start(code, [])
    values = {name: f"<{name}>" for _, name, *_ in fields(said) if name}
    values.update({name: "12" for name in values if name in engine_texts._NUMBERS})
    told = translated(said.format(**values))
    shown = next(shown for text, shown in engine_texts._SAID if text == said)
    assert told == i18n.tr(shown, **values)
    assert "{" not in told
    assert code == "en" or told != shown.format(**values)


# ---- the engine itself


def lines(value):
    extract = pytest.importorskip("segmentation").extract_lines
    import numpy as np

    return lambda: extract(np.full((40, 40), value, np.uint8))


def noise():
    extract = pytest.importorskip("segmentation").extract_lines
    import numpy as np

    return extract(np.random.default_rng(1).integers(0, 256, (64, 64), dtype=np.uint8))


def label_map():
    labels = pytest.importorskip("ant_core.engine.labels")
    import numpy as np

    from ant_core.color.pixels import PixelFormat
    from ant_core.engine.planes import PackedPicture
    from ant_core.formats.packed import pack

    kept = PackedPicture(
        "d", pack(np.full((40, 40, 4), (0, 0, 0, 255), np.uint8)), "line layer, frame 3"
    )
    return labels.LabelCache((40, 40), PixelFormat(8, 4)).get(3, kept, None)


def run_without(blank):
    checks = pytest.importorskip("ant_core.engine.checks")
    import numpy as np

    from ant_core.engine.planes import PackedPicture, PictureStore
    from ant_core.formats.packed import pack

    def check():
        drawings, paintings = PictureStore(), PictureStore()
        kept = PackedPicture("d", pack(np.zeros((4, 4, 4), np.uint8)), "")
        for frame in blank:
            drawings.put(frame, kept)
            paintings.put(frame, kept)
        return checks.check_run([], blank, drawings, paintings, has_sheets=False)

    return check


def sheet(path):
    model_sheet = pytest.importorskip("ant_core.shot.model_sheet")
    return lambda: model_sheet.open_model_sheets([Path(path)])


def layer(depth):
    session = pytest.importorskip("ant_core.engine.session")
    return lambda: session.LayerFormat("LABA", depth, "").pixels


def model(path):
    model_file = pytest.importorskip("ant_core.matching.model_file")
    return lambda: model_file.ModelFile.read(Path(path))


def missing_model():
    installed = pytest.importorskip("ant_core.models.installed")
    from ant_core.models import find_places

    return installed.find(find_places(), "no_such_model")


def out_of_memory():
    raise MemoryError


def fault():
    raise RuntimeError("an oddity")


SAID_BY_THE_ENGINE = {
    "dark": (lines(0), "Es sind keine Linien zu erkennen, alles ist dunkel"),
    "noise": (noise, "Vor dem Rauschen des Bildes sind keine Linien zu erkennen"),
    "not segmented": (label_map, "Bild 3 lässt sich nicht in Flächen teilen: Es sind keine"),
    "nothing to learn": (run_without([]), "Es gibt kein bemaltes Bild als Vorlage"),
    "blank": (run_without([4]), "Auf der Vorlage (Bild 4) ist nichts gemalt: Bemalen"),
    "blanks": (run_without([4, 5, 9]), "Auf der Vorlage (Bilder 4-5, 9) ist nichts gemalt"),
    "no sheet": (sheet("/no/such.png"), "/no/such.png fehlt: Legen Sie es zurück"),
    "a folder": (sheet("/"), "/ ist kein lesbares Bild"),
    "color model": (layer("U8"), "Das Farbmodell LABA U8 ist nicht nutzbar"),
    "no model file": (model("/no/such.antmodel"), "Das Modell /no/such.antmodel ist beschädigt"),
    "no model": (missing_model, "Das Modell no_such_model gibt es auf diesem Rechner nicht"),
    "memory": (out_of_memory, "Der Arbeitsspeicher reicht nicht"),
    "fault": (fault, "In der Engine ist etwas Unerwartetes geschehen (RuntimeError: an oddity)"),
}


@pytest.mark.parametrize("case", SAID_BY_THE_ENGINE)
def test_what_the_engine_says_is_told_in_german(case):
    protocol = pytest.importorskip("ant_core.engine.protocol")
    provoke, told = SAID_BY_THE_ENGINE[case]
    i18n.start("de", [])
    with pytest.raises(Exception) as caught:  # noqa: PT011 (of every class of the engine's errors)
        provoke()
    error = caught.value  # a ValueError's text stands within that of another error
    said = protocol.error_answer(1, error)["message"]
    said = str(error) if isinstance(error, ValueError) else said
    assert sentence(said).startswith(told)


# ---- the table's use


def test_what_is_unknown_is_shown_as_a_sentence():
    i18n.start("ja", [])
    assert sentence("a header is list where a JSON object was expected") == (
        "A header is list where a JSON object was expected."
    )
    assert sentence("エンジンが起動しませんでした。") == "エンジンが起動しませんでした。"
    assert sentence("") == ""


def test_the_log_keeps_what_the_engine_said(caplog):
    i18n.start("fr", [])
    with caplog.at_level(logging.INFO, "propagate_colors"):
        assert sentence("not enough memory").startswith("La mémoire ne suffit pas")
    assert "the engine's words: not enough memory" in caplog.text


def test_a_reason_within_a_sentence_is_told_too():
    i18n.start("es", [])
    said = "frame 7 (line layer, frame 7) failed: not enough memory"
    assert translated(said) == (
        "Ha fallado el fotograma 7: No hay memoria suficiente: cierre otros programas o elija "
        "menos fotogramas."
    )


def test_names_of_files_are_left_as_they_are():
    i18n.start("de", [])
    assert translated("damaged is missing: x").startswith("damaged fehlt")
    assert re.match(r"/a \(b\)/c\.png fehlt", translated("/a (b)/c.png is missing: x"))
