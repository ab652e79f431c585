"""A worker pool as many would write it. One line is wrong, and no ordinary test shows it."""

import threading
from collections import OrderedDict
from concurrent.futures import Future

from contracts.patterns.worker_pool import PoolClosed, PoolFull


class WorkerPool:
    def __init__(self, workers, backlog):
        if workers < 1 or backlog < 0:
            raise ValueError("at least one worker, and no negative backlog")
        self._places = workers + backlog
        self._waiting = OrderedDict()
        self._closed = False
        self._lock = threading.Lock()
        self._work = threading.Condition(self._lock)
        self._room = threading.Condition(self._lock)
        self._threads = [threading.Thread(target=self._serve, daemon=True) for _ in range(workers)]
        for thread in self._threads:
            thread.start()

    def submit(self, task, *args, timeout=None):
        if timeout is not None and timeout < 0:
            raise ValueError("negative timeout")
        future = Future()
        future.add_done_callback(self._leave_if_cancelled)
        with self._lock:
            self._room.wait_for(lambda: self._places or self._closed, timeout)
            if self._closed:
                raise PoolClosed
            if not self._places:
                raise PoolFull
            self._places -= 1
            self._waiting[future] = (task, args)
            self._work.notify()
        return future

    def shutdown(self, wait=True, cancel_pending=False):
        with self._lock:
            self._closed = True
            dropped = list(self._waiting) if cancel_pending else []
            self._work.notify_all()
            self._room.notify_all()
        for future in dropped:
            future.cancel()
        if wait and threading.current_thread() not in self._threads:
            for thread in self._threads:
                thread.join()

    def __enter__(self):
        return self

    def __exit__(self, exc_type, exc, traceback):
        self.shutdown()

    def _serve(self):
        while self._run_next():
            pass

    def _run_next(self):
        with self._lock:
            self._work.wait_for(lambda: self._waiting or self._closed)
            if not self._waiting:
                return False
            future, (task, args) = self._waiting.popitem(last=False)
        if future.set_running_or_notify_cancel():
            self._run(future, task, args)
        return True

    def _run(self, future, task, args):
        result = error = None
        try:
            result = task(*args)
        except BaseException as raised:
            error = raised
        self._give_place_back()
        try:
            if error is None:
                future.set_result(result)
            else:
                future.set_exception(error)
        except BaseException:
            pass  # a done callback raised SystemExit: that is not the pool's affair

    def _leave_if_cancelled(self, future):
        if future.cancelled():
            with self._lock:
                was_waiting = self._waiting.pop(future, None) is not None
            if was_waiting:
                future.set_running_or_notify_cancel()
            self._give_place_back()

    def _give_place_back(self):
        self._places += 1
        with self._lock:
            self._room.notify()
