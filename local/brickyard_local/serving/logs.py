"""The output of served entities."""

from pathlib import Path

_MOST_BYTES = 1024 * 1024


class Logs:
    """A file per served entity."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def path(self, endpoint_id: str, entity: str) -> Path:
        """Where the output of a served entity goes."""
        return self._folder / f"{endpoint_id}-{entity}.log"

    def end(self, endpoint_id: str, entity: str) -> str:
        """The last of it, at most a megabyte."""
        log = self.path(endpoint_id, entity)
        if not log.exists():
            return ""
        with log.open("rb") as file:
            file.seek(max(0, log.stat().st_size - _MOST_BYTES))
            return file.read(_MOST_BYTES).decode(errors="replace")
