"""The same batch on a Dask cluster: one whole shot a task, one shot at a time in a worker.

Dask moves the shots of a worker that crashes to another one. A shot is locked while it is worked on
and leaves a record when it is done, so that none is done twice when Dask repeats a task.

All machines see the shots and OUT under the same paths, as on a farm, and have the same ant_core.
"""

from __future__ import annotations

import importlib
import itertools
import logging
import os
import queue
import threading
import time
import uuid
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from ant_core import __version__
from ant_core.batch.pool import (
    COME_BACK_S,
    Died,
    EngineProcess,
    Event,
    Finished,
    FrameDone,
    Passed,
    Retried,
    fatal_error,
    fatal_event,
)
from ant_core.batch.result import ShotResult
from ant_core.batch.task import ShotTask
from ant_core.errors import AntError, InputError, UsageError
from ant_core.files import WholeFiles
from ant_core.logs import engine_log

__all__ = ["run_on_cluster"]

_CONNECT_S = 15

# What Dask sets for its workers alone.
_DASK_VARIABLES = ("MALLOC_TRIM_THRESHOLD_", "MKL_NUM_THREADS", "OPENBLAS_NUM_THREADS")


_NUMBERS = itertools.count(1)  # of the engines that this process starts


def run_on_cluster(
    address: str,
    tasks: Sequence[ShotTask],
    *,
    jobs: int,
    threads: int | None,
    retries: int,
    cancel: threading.Event,
) -> Iterator[Event]:
    """Yield what happens to the shots until all have ended or `cancel` is set.

    Parameters
    ----------
    address : str
        Of the scheduler, such as tcp://farm:8786; "local" starts a cluster for this batch.
    tasks : sequence of ShotTask
        Begun in this order.
    jobs : int
        Workers of a local cluster.
    threads : int or None
        CPU threads of each shot; a worker's share of its machine if not given.
    retries : int
        How often a shot is begun again after Dask gave it up.

    Raises
    ------
    UsageError
        When Dask is not installed.
    InputError
        When there is no cluster at the address, or it has another version of ant_core.
    AntError
        When no shot can be coloured, for want of the model for example.
    """
    with _connected(address, jobs) as client:
        yield from _ClusterRun(client, tasks, threads, retries).events(cancel)


@contextmanager
def _connected(address: str, jobs: int) -> Iterator[Any]:
    try:
        dask: Any = importlib.import_module("distributed")  # untyped, and an extra
    except ImportError:
        raise UsageError(
            "--cluster needs Dask, which is not installed: run pip install 'ant-core[farm]'"
        ) from None
    logging.getLogger("distributed").setLevel(logging.ERROR)
    with ExitStack() as stack:
        if address == "local":
            # No dashboard: only this machine can connect. No memory limit: the
            # system knows better what is free than a fixed share. Threads, because a worker only
            # waits for its engine; protocol: without it Dask asks for the machine's address.
            cluster: Any = dask.LocalCluster(
                n_workers=jobs,
                threads_per_worker=1,
                processes=False,
                protocol="tcp://",
                dashboard_address=None,
                memory_limit=0,
                silence_logs=logging.ERROR,
            )
            stack.enter_context(cluster)
            address = cluster
        try:
            client = dask.Client(address, timeout=_CONNECT_S)
        except (OSError, ValueError, TypeError) as error:
            raise InputError(
                f"no Dask scheduler answers at {address} ({type(error).__name__}): check the "
                "address, such as tcp://farm:8786"
            ) from error
        stack.callback(_close_engines)  # those of local workers; others outlive the batch
        yield stack.enter_context(client)


class _ClusterRun:
    """One batch on a cluster."""

    def __init__(
        self, client: Any, tasks: Sequence[ShotTask], threads: int | None, retries: int
    ) -> None:
        self._client = client
        self._tasks = {task.name: task for task in tasks}
        self._retries = retries
        self._submitted = 0
        self._run_id = f"ant_core-{uuid.uuid4().hex[:12]}"
        self._news: queue.Queue[Event | BaseException] = queue.Queue()
        self._settings = {
            "run": self._run_id,
            "version": __version__,
            "threads": threads,
            "neighbours": self._workers_by_host(),
        }

    def _workers_by_host(self) -> dict[str, int]:
        workers = self._client.scheduler_info(n_workers=-1)["workers"]
        if not workers:
            raise InputError(
                "the Dask cluster has no workers: start some, one for each shot at a time, with "
                "dask worker ADDRESS --nthreads 1"
            )
        return dict(Counter(str(urlsplit(address).hostname) for address in workers))

    def events(self, cancel: threading.Event) -> Iterator[Event]:
        """Yield what becomes of the shots until all have ended or the run is cancelled."""
        self._client.subscribe_topic(self._run_id, self._heard)
        futures = {}
        due: dict[str, float] = {}  # when shots that another batch holds are tried again
        try:
            for task in self._tasks.values():
                futures[task.name] = self._submit(task)
            left = len(futures)
            while left and not cancel.is_set():
                for name in [name for name, when in due.items() if when <= time.monotonic()]:
                    del due[name]
                    futures[name] = self._submit(self._tasks[name])
                try:
                    event = self._news.get(timeout=0.1)
                except queue.Empty:
                    continue
                if isinstance(event, BaseException):
                    raise event
                if isinstance(event, Retried):
                    futures[event.name] = self._submit(self._tasks[event.name])
                if isinstance(event, Passed):
                    due[event.name] = time.monotonic() + COME_BACK_S
                if isinstance(event, Finished):
                    left -= 1
                    futures.pop(event.result.name).release()
                yield event
        finally:
            if futures:
                self._client.run(stop_remote, self._run_id, on_error="ignore")
                self._client.cancel(list(futures.values()))
            self._client.unsubscribe_topic(self._run_id)

    def _submit(self, task: ShotTask) -> Any:
        self._submitted += 1
        future = self._client.submit(
            run_remote,
            task.to_json(),
            self._settings,
            key=f"{self._run_id}-{task.name}-{self._submitted}",
            pure=False,
        )
        future.add_done_callback(lambda done: self._ended(task, done))
        return future

    def _heard(self, event: tuple[Any, dict[str, Any]]) -> None:
        """Take a worker's word on a frame; Dask calls this on a thread of its own."""
        news = event[1]
        self._news.put(FrameDone(news["name"], news["done"], news["total"], news["place"]))

    def _ended(self, task: ShotTask, future: Any) -> None:
        """Take the end of a shot; Dask calls this on a thread of its own."""
        if future.status == "cancelled":
            return
        error = future.exception() if future.status == "error" else None
        if error is None:
            event = future.result()
            if event["event"] == "died":
                self._again(task, f"its engine {event['how']}")
            else:
                self._news.put(_outcome(task.name, event))
        elif type(error).__name__ != "KilledWorker":
            self._news.put(
                InputError(
                    f"a worker of the cluster cannot run a shot ({type(error).__name__}: {error}): "
                    f"install ant_core {__version__} on every worker"
                )
            )
        else:
            self._again(task, "every worker that took it died")

    def _again(self, task: ShotTask, why: str) -> None:
        """Begin a shot again, or give it up."""
        if task.attempt <= self._retries:
            self._tasks[task.name] = replace(task, attempt=task.attempt + 1)
            self._news.put(Retried(task.name, why))
            return
        text = f"this shot was begun {task.attempt} times; the last time {why}: see the logs"
        result = ShotResult.given_up(task.name, task.attempt, text)
        self._news.put(Finished(result))


def _outcome(name: str, event: dict[str, Any]) -> Event | AntError:
    if event["event"] == "held":
        return Passed(name)
    if event["event"] == "fatal":
        return fatal_error(event["error_type"], event["error"])
    return Finished(ShotResult.from_json(event["result"]))


class _Worker:
    """What a worker of the cluster keeps between shots: its engine, one shot at a time.

    The engine is the same child that `ant_core batch --jobs` starts. In the worker's own process,
    a shot took more than twice as long: Dask has the worker give every freed array back to the
    system (MALLOC_TRIM_THRESHOLD_), so that each new one is made of pages that must be cleared.
    """

    def __init__(self) -> None:
        self._one_at_a_time = threading.Lock()
        self._engine: EngineProcess | None = None
        self._threads = 0
        self._run = ""  # the batch whose shot is under way
        self._stopped: set[str] = set()

    def run(
        self, task: ShotTask, threads: int, run: str, tell: Callable[[dict[str, Any]], None]
    ) -> dict[str, Any]:
        """Have the engine colour a shot; a `died` event when it is gone."""
        with self._one_at_a_time:
            if run in self._stopped:
                return {"event": "died", "how": "was stopped"}
            if self._engine is not None and self._threads != threads:
                self._end()
            if self._engine is None:
                number = next(_NUMBERS)
                log = engine_log(Path(task.out), number, shared=True)
                WholeFiles().make_folder(log.parent)
                self._engine = EngineProcess(number, log, threads, _DASK_VARIABLES)
                self._threads = threads
            self._run = run
            try:
                return self._engine.run(task, tell)
            except Died as error:
                words = self._engine.last_words()
                self._end()
                return {"event": "died", "how": f"{error}" + (f" ({words})" if words else "")}
            finally:
                self._run = ""

    def _end(self) -> None:
        assert self._engine is not None
        self._engine.close()
        self._engine.wait()
        self._engine = None

    def close(self) -> None:
        """End the engine: at once when it is idle, within a second otherwise."""
        engine = self._engine
        if engine is not None:
            engine.close()

    def stop(self, run: str) -> None:
        """End what is done for a batch; its shots go on from their finished frames next time."""
        self._stopped.add(run)
        engine = self._engine
        if engine is not None and self._run == run:
            engine.close()


_WORKERS: dict[str, _Worker] = {}  # of this process, by their addresses


def _close_engines() -> None:
    for worker in _WORKERS.values():
        worker.close()
    _WORKERS.clear()


def run_remote(document: dict[str, Any], settings: dict[str, Any]) -> dict[str, Any]:
    """Colour one shot; called by Dask in a worker.

    Parameters
    ----------
    document : dict
        The task.
    settings : dict
        What holds for the whole batch.

    Returns
    -------
    dict
        A `result`, `held` or `fatal` event as those of `ant_core.batch.worker`, or a `died` one.
    """
    if settings["version"] != __version__:
        text = f"a worker has ant_core {__version__} but the batch {settings['version']}"
        return fatal_event(InputError(f"{text}: install the same on both"))
    worker = importlib.import_module("distributed").get_worker()
    task = ShotTask.from_json(document)
    threads = settings["threads"]
    if threads is None:
        neighbours = settings["neighbours"].get(urlsplit(worker.address).hostname, 1)
        threads = max(1, (os.cpu_count() or 1) // neighbours)
    task = task.with_threads(threads)
    place = f"worker {worker.address} (process {os.getpid()})"

    def tell(event: dict[str, Any]) -> None:
        if event["event"] == "progress":
            # Not "worker": that is a word of Dask, which puts an address there.
            news = {"name": task.name, "place": place}
            worker.log_event(settings["run"], news | {k: event[k] for k in ("done", "total")})

    try:
        mine = _WORKERS.setdefault(worker.address, _Worker())
        return mine.run(task, threads, settings["run"], tell)
    except AntError as error:
        return fatal_event(error)


def stop_remote(run: str) -> None:
    """End the shots of a batch; called by Dask in every worker."""
    for worker in list(_WORKERS.values()):
        worker.stop(run)
