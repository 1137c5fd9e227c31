"""A controller that records what the widgets ask for and shows what a test puts into it."""

from krita_plugin.propagate_colors.signals import Signal
from krita_plugin.propagate_colors.state.engine_states import HIDDEN
from krita_plugin.propagate_colors.state.model import (
    ColorGroup,
    FrameRow,
    FrameState,
    LayerChoice,
    SegmentInfo,
)

INK, SKIN, RED, BLUE = "ink", "skin", "red", "blue"
PALETTE = [
    (SKIN, (242, 201, 172)),
    (RED, (196, 58, 62)),
    (BLUE, (70, 110, 190)),
    (INK, (40, 40, 46)),
    ("unpainted", (0, 0, 0)),
]
MODEL = {
    "name": "default",
    "version": "0.7.0",
    "size": 7371441,
    "licence": "Apache-2.0",
    "path": "/opt/default.antmodel",
    "where": "package",
    "state": "part of ant_core",
}
REMOTE = {
    "name": "large",
    "version": "0.2.0",
    "size": 31_000_000,
    "licence": "Apache-2.0",
    "path": None,
    "where": "registry",
    "state": "not downloaded",
}

_COMMANDS = (
    "refresh look_here set_line_layers set_color_layer set_moved_layers set_surfaces "
    "set_range set_gap toggle_reference "
    "add_model_sheet remove_model_sheet check_regions propagate run_on_from cancel accept undo "
    "accept_above accept_all take_back_accept say go_to step_doubtful give_hint remove_hint "
    "toggle_lock set_engine_command download_model choose_model ask_models shutdown "
    "open_sample suggest_frames begin_painting show_sheet set_fix_on_canvas explain_segment"
)


_SETUP_COMMANDS = "begin begin_with again cancel put_off choose_folder go_back remove repair"


class FakeEngineSetup:
    """An engine that is there; `calls` holds (command, arguments)."""

    def __init__(self):
        self.changed = Signal()
        self.state, self.text, self.hindrance = HIDDEN, "", ""
        self.stage, self.done, self.total = "", 0, 0
        self.sentence = self.refusal = ""
        self.ways = ()
        self.gpu_offered = False
        self.possible = False
        self.version = self.earlier = ""
        self.has_engine = self.has_folder = False
        self.folder = "/home/artist/krita"
        self.calls = []

    def headline(self, gpu=False):
        return f"{self.text} (GPU)" if gpu else self.text

    def obstacle(self):
        return self.hindrance

    def show(self, state, text, **values):
        self.state, self.text = state, text
        for name, value in values.items():
            setattr(self, name, value)
        self.changed.emit()

    def __getattr__(self, name):
        if name not in _SETUP_COMMANDS.split():
            raise AttributeError(name)
        return lambda *arguments: self.calls.append((name, *arguments))


class FakeController:
    """An open document with a line layer; `calls` holds (command, arguments)."""

    def __init__(self):
        self.changed = Signal()
        self.message = Signal()
        self.progress = Signal()
        self.engine_setup = FakeEngineSetup()
        self.calls = []
        self.checked, self.examined = "", None
        self.has_document = True
        self.busy = None
        self.engine_status = "ant_core 0.7.0, default 0.1.0, CPU"
        self.engine_ok = True
        self.engine_light = "good"
        self.frames = sample_frames()
        self.suggested = []
        self.current_time = 4
        self.fix_on_canvas = False
        self.mistake = None
        self.awaited = False
        self.said = []
        self.document_size = (320, 180)
        self.line_choices = [
            LayerChoice("g", "Hero", 0, True),
            LayerChoice("l", "Lines", 1, True),
            LayerChoice("r", "Rough sketch with a long name", 1, True),
            LayerChoice("b", "Background", 0, False, "Not animated"),
        ]
        self.color_choices = [
            LayerChoice("c", "Colors", 1, True),
            LayerChoice("b", "Background", 0, False, "Not animated"),
        ]
        self.line_layers = ["l"]
        self.color_layer = None
        self.frame_range = (0, 23)
        self.gap_px = None
        self.model_sheets = []
        self.moved_choices = [LayerChoice("s", "Shadow", 0, True)]
        self.moved_layers = []
        self.surfaces = False
        self.segment = SegmentInfo(
            segment=7,
            state="painted",
            confidence=0.71,
            color=RED,
            source_frame=3,
            source_segment=12,
            source_name="",
            locked=False,
            hinted=False,
            box=(0, 0, 9, 9),
        )
        self.pictures = {}
        self.explanation = None
        for name in _COMMANDS.split():
            setattr(self, name, self._recorder(name))

    def _recorder(self, name):
        def record(*arguments):
            self.calls.append((name, *arguments))
            return name == "open_sample" and not self.busy

        return record

    def change(self, **values):
        """Set attributes and tell every topic."""
        for name, value in values.items():
            assert hasattr(self, name), name
            setattr(self, name, value)
        for topic in ("document", "choices", "frames", "engine", "busy", "viewer", "colors", "fix"):
            self.changed.emit(topic)

    def take_calls(self):
        """Return the calls since the last time."""
        calls, self.calls = self.calls, []
        return calls

    def close_message(self):
        self.calls.append(("close_message",))
        self.message.emit("info", "", ())

    def segment_at(self, time, point):
        self.calls.append(("segment_at", time, point))
        return self.segment

    def viewer_picture(self, time, most_width, most_height, mode):
        self.calls.append(("viewer_picture", time, most_width, most_height, mode))
        return self.pictures.get(mode)

    def may_explain(self, time, info):
        return info is not None and not info.hinted

    def explain(self, explanation):
        """Have an answer, or none any more, and tell of it."""
        self.explanation = explanation
        self.changed.emit("explanation")

    def close_explanation(self):
        self.calls.append(("close_explanation",))
        self.explain(None)

    def mistake_at(self, time):
        return self.mistake

    def said_on(self, time):
        return self.said

    def picture_awaited(self, time, mode):
        return self.awaited

    def stands_for(self, time):
        held = [row.held_from for row in self.frames if row.time == time]
        return time if held in ([], [None]) else held[0]

    def may_run_on(self, time):
        blank = {FrameState.TODO, FrameState.FAILED}
        return any(row.time == time and row.state not in blank for row in self.frames)

    def thumbnail(self, time):
        self.calls.append(("thumbnail", time))
        return self.pictures.get("thumbnail")

    def sheet_picture(self, time, before=False):
        self.calls.append(("sheet_picture", time, before))
        return self.pictures.get("before" if before else "thumbnail")

    def palette(self):
        return PALETTE

    def foreground_color(self):
        return ("foreground", (10, 200, 30))

    def color_groups(self):
        return [
            ColorGroup(SKIN, (242, 201, 172), 214, 0, tuple(range(20))),
            ColorGroup(RED, (196, 58, 62), 96, 9, (3, 4, 5)),
            ColorGroup("unpainted", (0, 0, 0), 41, 2, tuple(range(20))),
            ColorGroup(BLUE, (70, 110, 190), 1, 0, (7,)),
        ]

    def models(self):
        return [dict(MODEL, in_use=True), REMOTE]

    def diagnostics(self):
        return f"Krita: 5.1.5{self.checked}"

    def examine(self, done):
        self.examined = done


def sample_frames(count=24):
    """Return frames in every state: painted at 0, held on twos, one failed, some doubtful."""
    rows = []
    for time in range(count):
        if time % 3 == 1:
            rows.append(FrameRow(time, FrameState.HOLD, held_from=time - 1))
        elif time in {0, 12}:
            rows.append(FrameRow(time, FrameState.ARTIST, is_reference=True, segments=74))
        elif time in {2, 3}:
            rows.append(FrameRow(time, FrameState.ACCEPTED, time == 3, 0.97, 0, 0, 74))
        elif time == 9:
            rows.append(FrameRow(time, FrameState.FAILED, error="The line layer is empty here."))
        elif time % 5 == 0:
            rows.append(FrameRow(time, FrameState.PREDICTED, False, 0.78, time // 5, 1, 76))
        elif time == count - 1:
            rows.append(FrameRow(time, FrameState.TODO))
        elif time == count - 3:
            rows.append(FrameRow(time, FrameState.UNKNOWN))
        else:
            rows.append(FrameRow(time, FrameState.PREDICTED, False, 0.93, 0, 0, 75))
    return rows
