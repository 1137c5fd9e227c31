"""The review list: what it lists, in which order, and what it keeps when frames change."""

import pytest

pytest.importorskip("PyQt5.QtWidgets", reason="the widgets' tests need PyQt5", exc_type=ImportError)

from krita_plugin.propagate_colors.state.model import FrameRow, FrameState
from krita_plugin.propagate_colors.ui.frame_words import facts
from krita_plugin.propagate_colors.ui.review_delegate import beside_or_below, summary
from krita_plugin.propagate_colors.ui.review_model import ReviewModel
from tests.krita_plugin.fake_controller import sample_frames
from tests.krita_plugin.ui.support import (
    Qt,
    QtCore,
    Store,
    application,
    commands,
    double_click,
    find,
    key,
)


@pytest.fixture
def view(panel):
    return find(panel, "review_list")


def listed(view):
    model = view.model()
    return [int(model.index(row).data()) for row in range(model.rowCount())]


def select(view, time):
    index = view.model().index(listed(view).index(time))
    view.selectionModel().select(index, QtCore.QItemSelectionModel.SelectionFlag.Select)


def test_frames_with_pixels_of_their_own_are_listed(view, controller):
    wanted = [
        row.time for row in controller.frames if row.state not in {FrameState.HOLD, FrameState.TODO}
    ]
    assert listed(view) == wanted


def test_order_by_doubt(panel, view, controller):
    rows = [
        FrameRow(0, FrameState.ARTIST, True),
        FrameRow(1, FrameState.PREDICTED, False, 0.9, 0, 0),
        FrameRow(2, FrameState.PREDICTED, False, 0.8, 0, 0),
        FrameRow(3, FrameState.PREDICTED, False, 0.95, 1, 3),
        FrameRow(4, FrameState.ACCEPTED, False, 0.2, 9, 9),
        FrameRow(5, FrameState.FAILED),
    ]
    controller.change(frames=rows)
    find(panel, "order_button").menu().actions()[1].trigger()
    assert listed(view) == [5, 3, 2, 1, 4, 0]


def test_the_order_is_kept(make_panel):
    store = Store()
    find(make_panel(store=store), "order_button").menu().actions()[1].trigger()
    menu = find(make_panel(store=store), "order_button").menu()
    assert [action.isChecked() for action in menu.actions()] == [False, True]


def test_the_selection_stays_with_its_frames(panel, view, controller):
    select(view, 8)
    select(view, 14)
    controller.change(frames=controller.frames[5:])
    assert panel.review.selected_times() == [8, 14]
    controller.change(frames=controller.frames[5:])
    assert panel.review.selected_times() == [14]


def test_double_click_and_return_go_there(view, controller):
    place = view.visualRect(view.model().index(1)).center()
    double_click(view.viewport(), place)
    assert commands(controller) == [("go_to", listed(view)[1])]
    view.setCurrentIndex(view.model().index(3))
    key(view, Qt.Key.Key_Return)
    assert commands(controller) == [("go_to", listed(view)[3])]


def test_thumbnails_are_fetched_one_a_turn_and_kept(controller, no_failures):
    application()
    model = ReviewModel(controller)
    model.refresh()
    decoration = Qt.ItemDataRole.DecorationRole
    assert model.index(0).data(decoration) is None
    assert model.index(1).data(decoration) is None
    assert controller.take_calls() == []
    model._fetch_next()
    assert len(controller.take_calls()) == 1
    model._fetch_next()
    model._fetch_next()
    assert model.index(0).data(decoration).width() == 32
    model.index(1).data(decoration)
    assert len(controller.take_calls()) == 1


def test_a_changed_frame_gets_a_new_thumbnail(controller, no_failures):
    application()
    model = ReviewModel(controller)
    model.refresh()
    decoration = Qt.ItemDataRole.DecorationRole
    for row in (0, 1):
        model.index(row).data(decoration)
        model._fetch_next()
    controller.take_calls()
    changed = model.rows()[1]._replace(confidence=0.5)
    controller.frames = [changed if row.time == changed.time else row for row in controller.frames]
    model.refresh()
    assert model.index(0).data(decoration) is not None
    assert model.index(1).data(decoration) is None


def test_only_rows_in_view_ask_for_thumbnails(view, controller):
    controller.change(frames=sample_frames(400))
    view.grab()
    assert 0 < len(view.model()._wanted) < 60


def test_the_row_says_it_short():
    assert summary(FrameRow(1, FrameState.PREDICTED, False, 0.784, 3, 1)) == "3 doubtful · 1 new"
    moved = FrameRow(1, FrameState.PREDICTED, surfaces=2, surface_layers=("Shadow",))
    assert summary(moved) == "2 surfaces (Shadow)"
    assert facts(moved) == ["2 doubtful surfaces (Shadow)"]
    assert summary(FrameRow(1, FrameState.ARTIST)) == ""
    assert summary(FrameRow(1, FrameState.FAILED, error="Empty.")) == "Empty."


def test_a_state_is_not_cut_for_how_sure_it_is():
    sure = FrameRow(1, FrameState.ACCEPTED, confidence=0.97)
    unsure = FrameRow(1, FrameState.PREDICTED, False, 0.78, 1)
    assert beside_or_below(sure, "Accepted", 18, 30, len) == ("97 %", "")
    assert beside_or_below(sure, "Accepted", 17, 30, len) == ("", "97 %")
    assert beside_or_below(unsure, "Needs review", 14, 17, len) == ("", "1 doubtful · 78 %")
    assert beside_or_below(unsure, "Needs review", 14, 16, len) == ("", "1 doubtful")
    assert beside_or_below(FrameRow(1, FrameState.ARTIST), "Yours", 5, 9, len) == ("", "")


# --- by colour


def test_colors_most_doubtful_first(panel, controller):
    find(panel, "review_tabs").setCurrentIndex(1)
    colors = find(panel, "color_list")
    assert [colors.item(i).text().split("\n") for i in range(colors.count())] == [
        ["96 segments", "in 3 frames · 9 doubtful"],
        ["41 segments", "in 20 frames · 2 doubtful"],
        ["214 segments", "in 20 frames"],
        ["1 segment", "in 1 frame"],
    ]


def test_colors_are_counted_only_when_looked_at(panel, controller):
    counted = []
    controller.color_groups = lambda: counted.append(1) or []
    controller.change()
    assert counted == []
    find(panel, "review_tabs").setCurrentIndex(1)
    assert counted == [1]
    controller.changed.emit("colors")
    assert counted == [1, 1]


def test_a_double_click_on_a_color_lists_its_frames(panel, view):
    find(panel, "review_tabs").setCurrentIndex(1)
    colors = find(panel, "color_list")
    double_click(colors.viewport(), colors.visualItemRect(colors.item(0)).center())
    assert listed(view) == [3, 5]  # 4 is held
    assert find(panel, "filter_label").text() == "Only frames with #c43a3e"
    find(panel, "filter_clear").click()
    assert len(listed(view)) > 10
    assert not find(panel, "filter_label").isVisible()
