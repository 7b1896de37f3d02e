"""Lists of requirements (`requirements.txt`) that a task names. Pure but for reading the file.

Source: pip.pypa.io/en/stable/reference/requirements-file-format
Gaps: of pip's options in such a file none is taken; they are refused by name.
"""

from pathlib import Path

from brickyard_local.jobs.wheels import CannotInstall

_LIMIT_BYTES = 1024 * 1024


def read_requirements(named: str, file: Path) -> list[str]:
    """Requirements and paths of wheels in /Volumes and /Workspace. Errors: CannotInstall."""
    try:
        if file.stat().st_size > _LIMIT_BYTES:
            raise CannotInstall(f"{named}: the file has more than {_LIMIT_BYTES} bytes.")
        lines = file.read_text(encoding="utf-8").replace("\\\n", " ").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise CannotInstall(f"{named}: the file cannot be read: {error}.") from error
    found = [line.split(" #")[0].strip() for line in lines]
    wanted = [line for line in found if line and not line.startswith("#")]
    for line in wanted:
        in_workspace = line.startswith(("/Volumes/", "/Workspace/")) and line.endswith(".whl")
        if not in_workspace and (line.startswith(("-", "/", ".", "git+")) or "://" in line):
            raise CannotInstall(
                f"{named} holds '{line}'; requirements, and wheels in /Volumes or /Workspace, are installed."
            )
    return wanted
