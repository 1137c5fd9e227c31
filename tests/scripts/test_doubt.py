"""The count of amber frames and unmarked mistakes in scripts/benchmark.py doubt."""

from __future__ import annotations

from scripts.benchmarks.doubt import Figures, Judged, figures

SURE = Judged(False, True, False, False)
SMALL_DOUBT = Judged(False, False, True, False)  # doubtful, but not worth a look
WORTH = Judged(False, True, True, True)
MISSED = Judged(True, True, False, False)
SEEN = Judged(True, True, True, True)
SMALL_WRONG = Judged(True, False, False, False)


def test_a_frame_is_right_without_a_large_wrong_segment():
    frames = [[SURE, SMALL_WRONG], [SMALL_DOUBT], [WORTH], [SEEN, MISSED, SURE]]
    assert figures(frames) == Figures(3, 1, 2, 1, 2, 1)
    assert figures(frames, before=True) == Figures(3, 2, 2, 1, 3, 1)
