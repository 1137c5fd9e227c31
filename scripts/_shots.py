"""Poses of the puppet shots: the bundled sample, the validation and the test shots.

No pose is shared: the sample, the validation shots (side view) and the test shots (front view)
are three sets of their own, and none repeats the example frames that the puppets come with.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from _actors import ONE_PALETTE, ActedShot, Color, PuppetActor, Value

# Head views are chosen by a number: the middle of the range in which the file shows that head.
FRONT = {"left": -5.5, "half left": -4.5, "front": -3.5, "half right": -2.5, "right": -1.0}
SIDE = {"front": -5.5, "half left": -4.5, "left": -3.7}
# Likewise the hands.
OPEN, POINT, THUMB, FLAT, BACK = -0.1, 0.6, 1.1, 1.6, 4.1

SUIT, HAIR, TROUSERS = (0.348, 0.349, 0.352), (0.764, 0.601, 0.203), (0.032, 0.032, 0.035)
BROWN_SUIT: Mapping[Color, Color] = {
    **ONE_PALETTE,
    SUIT: (0.23, 0.115, 0.06),
    HAIR: (0.06, 0.025, 0.015),
    TROUSERS: (0.11, 0.085, 0.045),
}


SAMPLE = ActedShot(
    name="saha",
    camera=(-0.12, 0.78, 3.05),
    frames=14,
    actors=(
        PuppetActor(
            "front",
            {
                1: {
                    "switch-head-turn": FRONT["half left"],
                    "switch-palm-r": OPEN,
                    "switch-palm-l": OPEN,
                    "body-t": 91.0,
                    "head-t": 3.0,
                    "elbow2-t": -226.0,
                    "wrist2-t": -112.0,
                    "palm2-t": 6.0,
                    "elbow1-t": -150.0,
                    "wrist1-t": 18.0,
                    "shift": (0.0, 0.0),
                },
                4: {"elbow2-t": -214.0, "wrist2-t": -84.0, "palm2-t": -14.0, "head-t": -2.0},
                7: {
                    "switch-head-turn": FRONT["front"],
                    "elbow2-t": -204.0,
                    "wrist2-t": 30.0,
                    "palm2-t": 8.0,
                    "body-t": 94.0,
                    "elbow1-t": -142.0,
                    "wrist1-t": 46.0,
                },
                10: {
                    "switch-head-turn": FRONT["half right"],
                    "switch-palm-l": POINT,
                    "elbow2-t": -196.0,
                    "wrist2-t": 106.0,
                    "body-t": 92.0,
                    "head-t": -5.0,
                },
                14: {
                    "elbow2-t": -187.0,
                    "wrist2-t": 121.0,
                    "palm2-t": 14.0,
                    "body-t": 87.0,
                    "head-t": -9.0,
                    "elbow1-t": -118.0,
                    "wrist1-t": 74.0,
                    "shift": (0.12, -0.03),
                },
            },
        ),
    ),
)

_STRIDE = (
    # heel of leg 1, angle of its knee, heel of leg 2, angle of its knee
    ((0.62, -2.17), -236.0, (-0.66, -2.28), 82.0),
    ((0.30, -2.02), -244.0, (-0.30, -2.28), 92.0),
    ((-0.28, -2.10), -276.0, (0.12, -2.28), 103.0),
    ((-0.64, -2.26), -283.0, (0.50, -2.20), 120.0),
)


def _walk(frames: Iterable[int]) -> dict[int, dict[str, Value]]:
    names = ("heel1", "knee1-t", "heel2", "knee2-t")
    return {
        at: dict(zip(names, step, strict=True)) for at, step in zip(frames, _STRIDE, strict=True)
    }


def _merge(*tracks: Mapping[int, Mapping[str, Value]]) -> dict[int, dict[str, Value]]:
    merged: dict[int, dict[str, Value]] = {}
    for track in tracks:
        for frame, values in track.items():
            merged.setdefault(frame, {}).update(values)
    return merged


VALIDATION = (
    ActedShot(
        name="side_walk",
        camera=(-0.1, -0.1, 5.1),
        frames=12,
        line_px=1.8,
        actors=(
            PuppetActor(
                "side",
                _merge(
                    _walk((1, 4, 8, 12)),
                    {
                        1: {
                            "switch-head-turn": SIDE["left"],
                            "switch-palm-r": OPEN,
                            "switch-palm-l": OPEN,
                            "body-t": 92.0,
                            "head-t": -3.0,
                            "elbow1-t": -158.0,
                            "wrist1-t": -30.0,
                            "elbow2-t": -252.0,
                            "wrist2-t": -12.0,
                            "shift": (0.7, 0.0),
                        },
                        6: {"body-t": 95.0, "switch-palm-r": FLAT},
                        12: {
                            "body-t": 91.0,
                            "head-t": 5.0,
                            "elbow1-t": -222.0,
                            "wrist1-t": -42.0,
                            "elbow2-t": -198.0,
                            "wrist2-t": -30.0,
                            "shift": (-0.7, 0.0),
                        },
                    },
                ),
            ),
        ),
    ),
    ActedShot(
        name="side_talk",
        camera=(-0.35, 0.75, 3.2),
        frames=12,
        first=5,
        reference=5,
        actors=(
            PuppetActor(
                "side",
                {
                    5: {
                        "switch-head-turn": SIDE["left"],
                        "switch-palm-r": OPEN,
                        "switch-palm-l": THUMB,
                        "body-t": 93.0,
                        "head-t": -6.0,
                        "elbow1-t": -176.0,
                        "wrist1-t": -86.0,
                        "elbow2-t": -262.0,
                        "wrist2-t": -36.0,
                        "shift": (0.0, 0.0),
                    },
                    9: {"switch-head-turn": SIDE["half left"], "wrist1-t": -112.0, "head-t": 2.0},
                    12: {"switch-palm-r": POINT, "elbow2-t": -244.0, "wrist2-t": -92.0},
                    16: {
                        "body-t": 88.0,
                        "head-t": 7.0,
                        "elbow1-t": -158.0,
                        "wrist1-t": -62.0,
                        "elbow2-t": -226.0,
                        "wrist2-t": -66.0,
                        "shift": (0.18, 0.0),
                    },
                },
            ),
        ),
    ),
    ActedShot(
        name="side_pass",
        camera=(0.0, -0.05, 5.0),
        frames=10,
        line_px=1.8,
        actors=(
            PuppetActor(
                "side",
                {
                    1: {
                        "switch-head-turn": SIDE["half left"],
                        "body-t": 90.0,
                        "elbow1-t": -184.0,
                        "wrist1-t": -70.0,
                        "elbow2-t": -240.0,
                        "wrist2-t": -52.0,
                        "shift": (-0.7, 0.05),
                    },
                    10: {
                        "body-t": 95.0,
                        "elbow1-t": -170.0,
                        "wrist1-t": -96.0,
                        "wrist2-t": -80.0,
                        "shift": (-0.55, 0.05),
                    },
                },
                BROWN_SUIT,
            ),
            PuppetActor(
                "side",
                _merge(
                    _walk((1, 4, 7, 10)),
                    {
                        1: {
                            "switch-head-turn": SIDE["left"],
                            "switch-palm-r": THUMB,
                            "body-t": 94.0,
                            "elbow1-t": -150.0,
                            "wrist1-t": -20.0,
                            "elbow2-t": -236.0,
                            "wrist2-t": -26.0,
                            "shift": (1.5, -0.05),
                        },
                        10: {
                            "elbow1-t": -214.0,
                            "wrist1-t": -34.0,
                            "elbow2-t": -204.0,
                            "wrist2-t": -16.0,
                            "shift": (-0.5, -0.05),
                        },
                    },
                ),
            ),
        ),
    ),
)

TEST = (
    ActedShot(
        name="front_full",
        camera=(-0.2, -0.12, 5.1),
        frames=12,
        line_px=1.8,
        actors=(
            PuppetActor(
                "front",
                {
                    1: {
                        "switch-head-turn": FRONT["front"],
                        "switch-palm-r": THUMB,
                        "switch-palm-l": OPEN,
                        "body-t": 96.0,
                        "head-t": 8.0,
                        "elbow2-t": -248.0,
                        "wrist2-t": -30.0,
                        "elbow1-t": -128.0,
                        "wrist1-t": 96.0,
                        "heel1": (0.14, -2.35),
                        "heel2": (-0.62, -2.36),
                        "shift": (0.0, 0.0),
                    },
                    5: {"switch-palm-l": FLAT, "head-t": 0.0, "wrist1-t": 40.0},
                    9: {"switch-head-turn": FRONT["half right"], "elbow1-t": -176.0},
                    12: {
                        "body-t": 86.0,
                        "head-t": -8.0,
                        "elbow2-t": -214.0,
                        "wrist2-t": 44.0,
                        "elbow1-t": -166.0,
                        "wrist1-t": -58.0,
                        "heel1": (0.30, -2.33),
                        "heel2": (-0.50, -2.36),
                        "shift": (0.2, 0.0),
                    },
                },
            ),
        ),
    ),
    ActedShot(
        name="front_near",
        camera=(-0.1, 1.0, 2.7),
        frames=12,
        first=101,
        reference=101,
        line_px=2.4,
        actors=(
            PuppetActor(
                "front",
                {
                    101: {
                        "switch-head-turn": FRONT["half right"],
                        "switch-palm-r": BACK,
                        "switch-palm-l": OPEN,
                        "body-t": 88.0,
                        "head-t": -6.0,
                        "elbow2-t": -210.0,
                        "wrist2-t": -10.0,
                        "elbow1-t": -164.0,
                        "wrist1-t": -92.0,
                        "shift": (-0.1, 0.0),
                    },
                    105: {"switch-head-turn": FRONT["right"], "wrist1-t": -124.0},
                    109: {"switch-palm-l": THUMB, "elbow2-t": -236.0, "wrist2-t": -74.0},
                    112: {
                        "body-t": 93.0,
                        "head-t": 6.0,
                        "elbow2-t": -240.0,
                        "wrist2-t": -100.0,
                        "elbow1-t": -156.0,
                        "wrist1-t": -88.0,
                        "shift": (0.1, 0.04),
                    },
                },
            ),
        ),
    ),
    ActedShot(
        name="front_pass",
        camera=(0.0, -0.05, 5.0),
        frames=10,
        line_px=1.8,
        actors=(
            PuppetActor(
                "front",
                {
                    1: {
                        "switch-head-turn": FRONT["half right"],
                        "body-t": 92.0,
                        "elbow2-t": -200.0,
                        "wrist2-t": 20.0,
                        "elbow1-t": -150.0,
                        "wrist1-t": 30.0,
                        "shift": (1.1, 0.1),
                    },
                    6: {"switch-head-turn": FRONT["half left"]},
                    10: {"wrist1-t": 88.0, "elbow1-t": -138.0, "shift": (0.7, 0.1)},
                },
                BROWN_SUIT,
            ),
            PuppetActor(
                "front",
                {
                    1: {
                        "switch-head-turn": FRONT["left"],
                        "switch-palm-r": OPEN,
                        "body-t": 89.0,
                        "elbow2-t": -218.0,
                        "wrist2-t": -50.0,
                        "elbow1-t": -162.0,
                        "wrist1-t": -20.0,
                        "shift": (-1.4, -0.1),
                    },
                    5: {"switch-palm-r": POINT},
                    10: {
                        "elbow2-t": -206.0,
                        "wrist2-t": 64.0,
                        "wrist1-t": -70.0,
                        "shift": (0.35, -0.1),
                    },
                },
            ),
        ),
    ),
)
