r"""Generate training clips, or a set in the layout of a published one.

    python scripts/generate.py --data DATA --out DIR --split train --clips 400 --seed 0 --jobs 2
    python scripts/generate.py --data DATA --split train --clips 12 --preview page.png
    python scripts/generate.py --data DATA --out SET --split test --clips 20 --layout animerun \
        --source scene3d_film
    python scripts/generate.py --out DIR --statistics --beside SET
    python scripts/generate.py --data DATA --statistics --clips 20 --drawn FOLDER

The fresh split is made as it was frozen alone: its sources and seeds, from the files, figures and
movements of `ant_core.training.data.fresh`. Where contents are recorded, clips are held to them;
where not, their hashes are printed, to be recorded before any score is taken.

Clips already stored are left as they are, so a stopped run goes on where it was. A run in
AnimeRun's layout ends with the statistics of Table 1, of its clips beside the published ones.
"""

from __future__ import annotations

import os

# Set before numerical packages load: one thread a worker, or workers stand in each other's way.
# Only as a program: what is imported leaves the number of threads of its process alone.
if __name__ == "__main__":
    for _name in ("NUMBA_NUM_THREADS", "OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS"):
        os.environ.setdefault(_name, "1")

import argparse
import multiprocessing
import sys
import time
from functools import partial
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

import cv2

from ant_core.errors import InputError, UsageError
from ant_core.training.data.flow_labels import RegionStatistics
from ant_core.training.data.fresh import check_request, differences, fresh_split
from ant_core.training.data.fresh_clips import check_shots, content_hash, fresh_shots
from ant_core.training.data.sets import find_shots
from ant_core.training.data.splits import SPLITS, Split
from ant_core.training.evaluation.results import statistics_table
from ant_core.training.synthesis.clip import clip_path, write_clip
from ant_core.training.synthesis.layouts import LAYOUTS, write_layout
from ant_core.training.synthesis.pages import ink_beside, preview_page, statistics
from ant_core.training.synthesis.scene3d.cast3d import fresh_shown, load_catalogue
from ant_core.training.synthesis.source import SOURCES
from ant_core.training.synthesis.wild import is_wild, named_maker
from scripts._subcommands import exit_code

Job = tuple[str, int]  # source and seed


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--data", type=Path, help="folder with glitch_avatars, quaternius, ...")
    parser.add_argument("--out", type=Path, help="clips go to OUT/SPLIT")
    parser.add_argument("--split", choices=SPLITS, default="train")
    parser.add_argument("--clips", type=int, default=100, help="how many clips, of each source")
    parser.add_argument("--seed", type=int, default=0, help="seed of the first clip")
    parser.add_argument("--jobs", type=int, default=2, help="worker processes")
    parser.add_argument("--source", choices=(*SOURCES, "all"), default="all")
    parser.add_argument(
        "--layout",
        choices=("clips", *LAYOUTS),
        default="clips",
        help="NAME.npz for training, or the folders of a published set",
    )
    parser.add_argument(
        "--wild",
        type=float,
        default=0.0,
        help="share of clips in a circumstance of scripts/benchmark.py wild",
    )
    parser.add_argument("--preview", type=Path, help="draw a page of samples instead of clips")
    parser.add_argument(
        "--statistics",
        action="store_true",
        help="print figures: of the clips stored in --out, of drawings made from --data, or both",
    )
    parser.add_argument(
        "--beside",
        type=Path,
        nargs="+",
        default=[],
        metavar="FOLDER",
        help="further folders of clips, whose splits must share nothing with those of --out",
    )
    parser.add_argument(
        "--drawn",
        type=Path,
        nargs="+",
        default=[],
        metavar="FOLDER",
        help="line drawings by hand, whose ink is measured beside that of --data",
    )
    arguments = parser.parse_args()
    if arguments.statistics and not (arguments.out or arguments.data):
        parser.error("--statistics needs --out, the folder of stored clips, or --data")
    if arguments.beside and not (arguments.statistics and arguments.out):
        parser.error("--beside needs --statistics and --out, the clips it stands beside")
    if arguments.drawn and not (arguments.statistics and arguments.data):
        parser.error("--drawn needs --statistics and --data, whose drawings it stands beside")
    if not arguments.statistics and not arguments.data:
        parser.error("--data is needed: the folder that holds glitch_avatars")
    if arguments.layout == "animerun" and arguments.source != "scene3d_film":
        parser.error("--layout animerun needs optical flow: add --source scene3d_film")
    if not (arguments.out or arguments.preview or arguments.statistics):
        parser.error("--out is needed: the folder that clips are written to")
    return arguments


def _make(
    job: Job, layout: str, data: Path, out: Path, split: Split, wild: float
) -> tuple[bool, RegionStatistics]:
    source, seed = job
    if layout != "clips":
        return write_layout(layout, source, data, out, split, seed)
    in_circumstance = is_wild(source, seed, wild)
    name, maker = named_maker(source, wild=in_circumstance)
    try:
        new = write_clip(maker, data, clip_path(out, name, split, seed), split, seed)
    except InputError:
        if not in_circumstance:
            raise
        new = False  # no line can be told in its drawings
    return new, RegionStatistics()


def _generate(arguments: argparse.Namespace, jobs: list[Job]) -> None:
    make = partial(
        _make,
        layout=arguments.layout,
        data=arguments.data,
        out=arguments.out,
        split=arguments.split,
        wild=arguments.wild,
    )
    start, made, statistics = time.monotonic(), 0, RegionStatistics()
    context = multiprocessing.get_context("spawn")
    with context.Pool(arguments.jobs, initializer=cv2.setNumThreads, initargs=(1,)) as pool:
        for done, (new, counted) in enumerate(pool.imap_unordered(make, jobs), 1):
            made += new
            statistics.join(counted)
            if done % 20 == 0 or done == len(jobs):
                seconds = time.monotonic() - start
                print(f"{done} of {len(jobs)} clips, {made} new, {seconds:.0f} s", file=sys.stderr)
    if statistics.scenes:
        print(statistics_table(statistics))


def _print_statistics(arguments: argparse.Namespace, jobs: list[Job]) -> None:
    if arguments.out:
        print("\n".join(statistics([arguments.out, *arguments.beside])))
    if arguments.data:
        found = ink_beside(arguments.data, arguments.split, jobs, arguments.drawn)
        print("\n".join(found))


def _check_fresh(arguments: argparse.Namespace, sources: list[str], seeds: range) -> None:
    if arguments.wild:
        raise UsageError("the fresh split was frozen without circumstances: leave --wild away")
    check_request(sources, seeds)
    found = differences(arguments.data, *fresh_shown(load_catalogue(arguments.data)))
    if found:
        more = f" (and {len(found) - 1} more)" if found[1:] else ""
        raise InputError(
            f"{arguments.data} is not what the fresh split was frozen with: {found[0]}{more}"
        )


def _hold_fresh(place: Path) -> None:
    """Compare clips with the recorded contents; print the hashes of those that have none."""
    shots = find_shots(place)
    check_shots(shots, whole=False)
    recorded = fresh_split().hashes
    for name, shot in fresh_shots(shots).items():
        if name not in recorded:
            print(f'"{name}": "{content_hash(shot)}",')


def main() -> int:
    """Run the command line; return its exit code."""
    return exit_code(lambda: _run(_arguments()))


def _run(arguments: argparse.Namespace) -> None:
    sources = list(SOURCES) if arguments.source == "all" else [arguments.source]
    seeds = range(arguments.seed, arguments.seed + arguments.clips)
    jobs = [(source, seed) for seed in seeds for source in sources]
    if arguments.split == "fresh" and arguments.data:
        _check_fresh(arguments, sources, seeds)
    if arguments.statistics:
        _print_statistics(arguments, jobs)
    elif arguments.preview:
        preview_page(arguments.data, arguments.split, jobs, arguments.preview)
    else:
        _generate(arguments, jobs)
        if arguments.split == "fresh":
            _hold_fresh(arguments.out / "fresh")


if __name__ == "__main__":
    sys.exit(main())
