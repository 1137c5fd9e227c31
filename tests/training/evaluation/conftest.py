"""Sets on disk: one in AnimeRun's layout, and shots of line/ and truth/ pictures."""

import cv2
import numpy as np
import pytest

from ant_core.files import WholeFiles
from ant_core.training.data.animerun import AnimeRunWriter
from ant_core.training.data.flow_labels import RegionStatistics, write_scene
from tests.training.evaluation.boxes import flow_frames


@pytest.fixture
def animerun(tmp_path):
    statistics = RegionStatistics()
    writer = AnimeRunWriter(tmp_path / "set" / "test", "boxes_01", WholeFiles())
    write_scene(writer, "boxes_01", flow_frames([4, 8, 12]), statistics)
    return tmp_path / "set", statistics


@pytest.fixture
def shots(tmp_path):
    for name, step in (("slow", 1), ("fast", 4)):
        for number in range(1, 8):
            line, truth = np.full((40, 100), 255, np.uint8), np.zeros((40, 100, 4), np.uint8)
            for index, start in enumerate((2, 34)):
                left = start + step * number
                cv2.rectangle(line, (left, 6), (left + 26, 34), 0, 2)
                truth[6:34, left : left + 26] = (10 + 100 * index, 20, 30, 255)
            for kind, image in (("line", line), ("truth", truth)):
                folder = tmp_path / name / kind
                folder.mkdir(parents=True, exist_ok=True)
                cv2.imwrite(str(folder / f"{number:04d}.png"), image)
    return tmp_path
