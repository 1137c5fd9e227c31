"""The engine's memory over hours, minute by minute, with the same drawings or ever new ones.

It grows while caches fill; flat means that after the first minutes it stays within 5 %.
"""

from __future__ import annotations

import argparse
import time

import numpy as np

from scripts.attacks.engine import FORMAT, Client, drawing, painting, plane

__all__ = ["add_arguments", "run"]

_FRAMES = 4
_FLAT = 1.05


def add_arguments(command: argparse.ArgumentParser) -> None:
    """Add the options of this attack."""
    command.add_argument("--minutes", type=float, default=60.0)
    command.add_argument("--warm", type=float, default=10.0, help="minutes in which it may grow")
    command.add_argument("--drawings", choices=("constant", "new"), default="new")
    command.add_argument("--size", type=int, nargs=2, default=(360, 640), metavar=("H", "W"))


def run(args: argparse.Namespace) -> int:
    """Ask for an hour and print the memory; 1 when it grew after the first minutes."""
    size = tuple(args.size)
    begun, told, rounds = time.monotonic(), 0, 0
    warm: list[float] = []
    late: list[float] = []
    print("minute,rounds,resident_mb")
    with Client() as client:
        client.ask("hello", protocol=1, device="cpu", threads=1)
        while (minutes := (time.monotonic() - begun) / 60) < args.minutes:
            rounds += 1
            _round(client, size, rounds if args.drawings == "new" else 1, rounds)
            if minutes >= told:
                told += 1
                held = client.memory_mb()
                (warm if minutes < args.warm else late).append(held)
                print(f"{minutes:.1f},{rounds},{held:.0f}", flush=True)
    if not late:
        print(f"it ran for less than {args.warm} minutes, which says nothing")
        return 1
    grown = max(late) / late[0]
    print(f"after {args.warm:g} minutes {late[0]:.0f} MB, at most {max(late):.0f}: {grown:.3f}")
    return int(grown > _FLAT)


def _round(client: Client, size: tuple[int, int], seed: int, number: int) -> None:
    """Open a shot, send its drawings, colour them and look at everything."""
    client.ask("open_shot", shot="a", width=size[1], height=size[0], line=FORMAT, color=FORMAT)
    for frame in range(1, _FRAMES + 1):
        lines = drawing(size, np.random.default_rng(seed), 3 * frame)
        how, data = plane(lines)
        digest = f"{seed} {frame}"
        client.ask("add_drawing", data, shot="a", frame=frame, hash=digest, layers=[how])
        if frame == 1:
            how, data = plane(painting(lines))
            client.ask(
                "add_reference", data, shot="a", frame=1, hash=digest, origin="painted", **how
            )
    run_ = client.ask("propagate", shot="a", frames=[2, 3, 4], references=[1], gap_px=number % 3)
    if run_["type"] != "finished":
        raise SystemExit(f"the run failed: {run_}")
    client.ask("preview", shot="a", frame=2, gap_px=None, max_side=400)
    client.ask("overlay", shot="a", frame=3, segments="doubtful")
    client.ask("segment_map", shot="a", frame=2)
    client.ask("explain", shot="a", frame=2, segment=1, max_side=160)
    client.ask("inspect", shot="a", frame=2, point=[100, 100])
