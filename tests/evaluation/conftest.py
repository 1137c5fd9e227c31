"""A set in AnimeRun's layout, for the tests of layouts and of the command."""

import pytest

from ant_core.evaluation.flow_labels import RegionStatistics, write_scene
from ant_core.formats.animerun import AnimeRunWriter
from ant_core.formats.files import WholeFiles
from tests.evaluation.boxes import flow_frames


@pytest.fixture
def animerun(tmp_path):
    statistics = RegionStatistics()
    writer = AnimeRunWriter(tmp_path / "set" / "test", "boxes_01", WholeFiles())
    write_scene(writer, "boxes_01", flow_frames([4, 8, 12]), statistics)
    return tmp_path / "set", statistics
