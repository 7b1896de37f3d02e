"""Everything on Spark's class path that PyPI does not bring: Delta's jars, locked by hash, and our compiled plug-in.

Run as a program to set up by hand: `python -m brickyard_local.spark.jars [CACHE]`.
"""

import hashlib
import json
import shutil
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from importlib import metadata, resources
from pathlib import Path

from brickyard_local.spark import ivy, plugin
from brickyard_local.spark.errors import JarsUnavailable, SparkError
from brickyard_local.spark.ivy import Coordinates
from brickyard_local.spark.java import Java, find_java

_ABANDONED_S = 3600.0


@dataclass(frozen=True, kw_only=True, slots=True)
class SparkJars:
    """What the Spark server is started from. `fingerprint` changes when any of it does."""

    java: Java
    spark_jars: Path
    delta: tuple[Path, ...]
    plugin: Path
    fingerprint: str

    @property
    def class_path(self) -> tuple[str, ...]:
        return (str(self.plugin), *map(str, self.delta), str(self.spark_jars / "*"))


@dataclass(frozen=True, kw_only=True, slots=True)
class JarsLock:
    """The version of PySpark, and the jars that belong to it."""

    pyspark: str
    jars: tuple[Coordinates, ...]


def ensure(cache: Path, report: Callable[[str], None]) -> SparkJars:
    """Download, verify and compile what is missing in `cache`; `report` gets a line per step that takes seconds.

    May be interrupted, repeated, and run by two processes at once: each works in a folder of its own and moves
    what is finished into place.
    Errors: JavaUnusable, JarsUnavailable, PluginDoesNotCompile.
    """
    java = find_java()
    lock = read_lock()
    spark_jars = _spark_jars(lock.pyspark)
    folder = cache / "jars"
    folder.mkdir(parents=True, exist_ok=True)
    _sweep(folder)
    delta = _ensure_jars(folder, lock.jars, spark_jars, java, report)
    mark = plugin.fingerprint([lock.pyspark, *(jar.sha256 for jar in lock.jars)])
    compiled = cache / "spark-plugin" / f"{mark[:16]}.jar"
    if not compiled.is_file():
        report("Compiling the Spark catalog plug-in")
        plugin.compile_to(compiled, spark_jars=spark_jars, more_jars=delta, java=java)
    return SparkJars(java=java, spark_jars=spark_jars, delta=delta, plugin=compiled, fingerprint=mark)


def read_lock() -> JarsLock:
    """The lock file that this package carries."""
    document = json.loads((resources.files("brickyard_local.spark") / "jars.lock.json").read_text())
    return JarsLock(pyspark=document["pyspark"], jars=tuple(Coordinates(**entry) for entry in document["jars"]))


def _spark_jars(locked: str) -> Path:
    installed = metadata.version("pyspark")
    if installed != locked:
        raise JarsUnavailable(
            f"pyspark {installed} is installed, and the jars are locked for {locked} (jars.lock.json). Run "
            "`pipenv sync`; to move to another version, change both and run the Spark contract tests."
        )
    return Path(str(resources.files("pyspark"))) / "jars"


def _ensure_jars(
    folder: Path, wanted: Sequence[Coordinates], spark_jars: Path, java: Java, report: Callable[[str], None]
) -> tuple[Path, ...]:
    places = {jar: folder / jar.sha256 / jar.file_name for jar in wanted}
    missing = [jar for jar, place in places.items() if not _is(place, jar.sha256)]
    if missing:
        report(f"Downloading {len(missing)} jars of Delta Lake (13 MB)")
        with tempfile.TemporaryDirectory(prefix=".download-", dir=folder) as temporary:
            ivy.download(missing, Path(temporary), java, next(spark_jars.glob("ivy-*.jar")))
            for jar in missing:
                _keep(Path(temporary) / jar.file_name, places[jar], jar)
    return tuple(places.values())


def _keep(downloaded: Path, place: Path, jar: Coordinates) -> None:
    """Move a download into place. Errors: JarsUnavailable when it is not the locked file."""
    found = _sha256(downloaded)
    if found != jar.sha256:
        raise JarsUnavailable(
            f"{jar.organisation}:{jar.module}:{jar.revision} has sha256 {found}; jars.lock.json names {jar.sha256}. "
            "The repository that answered serves another file: it is not used. Ask whoever runs that mirror."
        )
    place.parent.mkdir(parents=True, exist_ok=True)
    downloaded.replace(place)


def _is(path: Path, sha256: str) -> bool:
    return path.is_file() and _sha256(path) == sha256


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _sweep(folder: Path) -> None:
    """Remove what an interrupted download left, once nobody can still be at it."""
    for left in folder.glob(".download-*"):
        if time.time() - left.stat().st_mtime > _ABANDONED_S:
            shutil.rmtree(left, ignore_errors=True)


def main() -> int:
    """Set up from a command line; exit status 1 with the reason when it fails."""
    cache = Path(sys.argv[1] if len(sys.argv) > 1 else ".brickyard/cache")
    try:
        found = ensure(cache, lambda line: print(f"{line} …"))  # noqa: T201 - a program
    except SparkError as error:
        print(f"brickyard: {error}", file=sys.stderr)  # noqa: T201 - a program
        return 1
    print(f"Spark is ready: Java {found.java.major}, {len(found.delta)} jars, plug-in {found.plugin.name}")  # noqa: T201
    return 0


if __name__ == "__main__":
    sys.exit(main())
