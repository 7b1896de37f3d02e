"""Only one `up` or `down` of a clone at a time."""

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager

from brickyard.clone import Clone
from brickyard.errors import AlreadyUnderWay


@contextmanager
def only_one(clone: Clone, verb: str) -> Iterator[None]:
    """Hold the clone. The lock ends with the process, however that ends. Errors: AlreadyUnderWay."""
    clone.state.mkdir(exist_ok=True)
    with (clone.state / "command.lock").open("a+") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            lock.seek(0)
            other = lock.read().strip() or "another brickyard command"
            raise AlreadyUnderWay(
                f"{other} is under way in this clone. Wait for its end, or stop it, then run `brickyard {verb}` again."
            ) from error
        lock.seek(0)
        lock.truncate()
        lock.write(f"`brickyard {verb}` (process {os.getpid()})")
        lock.flush()
        yield
