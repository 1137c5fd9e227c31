"""The same batch on a Dask cluster: one whole shot a task, one shot at a time in a worker.

Dask moves the shots of a worker that dies to another one. A shot is locked while it is worked on
and leaves a record when it is done, so that none is done twice, whatever Dask repeats.

All machines see the shots and OUT under the same paths, as on a farm, and have the same ant_core.
"""

from __future__ import annotations

import importlib
import logging
import os
import queue
import sys
import threading
import time
import uuid
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import replace
from typing import Any
from urllib.parse import urlsplit

from ant_core import __version__
from ant_core.batch.pool import (
    COME_BACK_S,
    Event,
    Finished,
    Moved,
    Passed,
    Retried,
    fatal_error,
)
from ant_core.batch.records import Held
from ant_core.batch.result import ShotResult
from ant_core.batch.task import Engine, Task, run_task
from ant_core.errors import AntError, InputError, UsageError
from ant_core.reporter import PlainReporter

__all__ = ["run_on_cluster"]

_CONNECT_S = 15

# Of this process, if it is a worker: what one shot leaves for the next, and how to stop it.
_ONE_AT_A_TIME = threading.Lock()
_ENGINE = Engine()
_STOPS: dict[str, threading.Event] = {}


def run_on_cluster(
    address: str,
    tasks: Sequence[Task],
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
    tasks : sequence of Task
        Begun in this order.
    jobs : int
        Workers of a local cluster.
    threads : int or None
        CPU threads of each shot; a worker's share of its machine if not given.
    retries : int
        How often a shot is begun again after Dask gave it up.
    cancel : threading.Event

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
        yield from _Run(client, tasks, threads, retries).events(cancel)


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
            # No dashboard: nothing listens but the loopback of this batch. No memory limit: the
            # system knows better what is free than a fixed share.
            cluster: Any = dask.LocalCluster(
                n_workers=jobs,
                threads_per_worker=1,
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
        yield stack.enter_context(client)


class _Run:
    """One batch on a cluster."""

    def __init__(
        self, client: Any, tasks: Sequence[Task], threads: int | None, retries: int
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

    def _submit(self, task: Task) -> Any:
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
        self._news.put(Moved(news["name"], news["done"], news["total"], news["place"]))

    def _ended(self, task: Task, future: Any) -> None:
        """Take the end of a shot; Dask calls this on a thread of its own."""
        if future.status == "cancelled":
            return
        error = future.exception() if future.status == "error" else None
        if error is None:
            self._news.put(_outcome(task.name, future.result()))
        elif type(error).__name__ != "KilledWorker":
            self._news.put(
                InputError(
                    f"a worker of the cluster cannot run a shot ({type(error).__name__}: {error}): "
                    f"install ant_core {__version__} on every worker"
                )
            )
        elif task.attempt <= self._retries:
            self._tasks[task.name] = replace(task, attempt=task.attempt + 1)
            self._news.put(Retried(task.name, "several workers died on it"))
        else:
            text = "every worker that took this shot died: look at the workers' logs"
            self._news.put(
                Finished(
                    ShotResult(task.name, "failed", 1, text, "AntError", attempts=task.attempt)
                )
            )


def _outcome(name: str, event: dict[str, Any]) -> Event | AntError:
    if event["event"] == "held":
        return Passed(name)
    if event["event"] == "fatal":
        return fatal_error(event["error_type"], event["error"])
    return Finished(ShotResult.from_json(event["result"]))


class _Reporter(PlainReporter):
    """Sends progress to the batch; what is meant for people goes to the worker's log."""

    def __init__(self, worker: Any, run: str, name: str) -> None:
        super().__init__(sys.stderr, sys.stderr)
        self._worker, self._run, self._name = worker, run, name

    def say(self, text: str) -> None:
        logging.getLogger("distributed.worker.ant_core").info("%s: %s", self._name, text)

    def progress(self, done: int, total: int, text: str, event: dict[str, Any]) -> None:
        del text, event
        place = f"worker {self._worker.address} (process {os.getpid()})"
        # Not "worker": that is a word of Dask, which puts an address there.
        news = {"name": self._name, "done": done, "total": total, "place": place}
        self._worker.log_event(self._run, news)


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
        A `result`, `held` or `fatal` event as those of `ant_core.batch.worker`.
    """
    if settings["version"] != __version__:
        text = f"a worker has ant_core {__version__} but the batch {settings['version']}"
        return _fatal(InputError(f"{text}: install the same on both"))
    worker = importlib.import_module("distributed").get_worker()
    task = Task.from_json(document)
    threads = settings["threads"]
    if threads is None:
        neighbours = settings["neighbours"].get(urlsplit(worker.address).hostname, 1)
        threads = max(1, (os.cpu_count() or 1) // neighbours)
    task = replace(task, arguments=(*task.arguments, f"--threads={threads}"))
    reporter = _Reporter(worker, settings["run"], task.name)
    with _ONE_AT_A_TIME:
        try:
            result = run_task(task, _ENGINE, reporter, _stop_event(settings["run"]))
        except Held:
            return {"event": "held"}
        except AntError as error:
            return _fatal(error)
    return {"event": "result", "result": result.to_json()}


def _fatal(error: AntError) -> dict[str, Any]:
    return {
        "event": "fatal",
        "error": str(error),
        "error_type": type(error).__name__,
        "exit_code": error.exit_code,
    }


def stop_remote(run: str) -> None:
    """End the shots of a batch; called by Dask in every worker."""
    _stop_event(run).set()


def _stop_event(run: str) -> threading.Event:
    return _STOPS.setdefault(run, threading.Event())
