"""Where things lie in this clone."""

from dataclasses import dataclass
from pathlib import Path

from brickyard.errors import NotThisFolder
from brickyard_local.account import Home


@dataclass(frozen=True, kw_only=True, slots=True)
class Clone:
    """The paths of one clone; nothing of Brickyard lies outside of it."""

    root: Path

    @classmethod
    def find(cls, start: Path | None = None) -> "Clone":
        """The clone that holds `start` (default: the working folder). Errors: NotThisFolder."""
        here = (start or Path.cwd()).resolve()
        for folder in (here, *here.parents):
            if (folder / "cdktf.json").is_file() and (folder / "environments").is_dir():
                return cls(root=folder)
        raise NotThisFolder(f"{here} is not inside a Brickyard clone (no cdktf.json with environments/ beside it).")

    @property
    def state(self) -> Path:
        return self.root / ".brickyard"

    @property
    def home(self) -> Home:
        return Home(root=self.state / "local", cache=self.state / "cache")

    @property
    def terraform(self) -> Path:
        return self.state / "terraform"

    @property
    def terraform_state(self) -> Path:
        return self.state / "state"

    @property
    def logs(self) -> Path:
        return self.state / "logs"

    @property
    def snapshots(self) -> Path:
        return self.state / "snapshots"

    @property
    def request_file(self) -> Path:
        return self.home.root / "request.json"

    @property
    def authorization_file(self) -> Path:
        return self.home.root / "authorization"

    def relative(self, path: Path) -> str:
        """A path as a person in the clone's folder would type it."""
        return str(path.relative_to(self.root)) if path.is_relative_to(self.root) else str(path)
