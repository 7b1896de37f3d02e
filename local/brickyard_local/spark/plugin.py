"""Compiles the catalog plug-in, shipped as Scala source, with the compiler that PySpark ships: no JDK needed."""

import hashlib
import os
import subprocess
import tempfile
from collections.abc import Sequence
from importlib import resources
from pathlib import Path

from brickyard_local.spark.errors import PluginDoesNotCompile
from brickyard_local.spark.java import Java

_TIMEOUT_S = 300


def sources() -> list[Path]:
    """The Scala files of the plug-in, in a fixed order."""
    folder = Path(str(resources.files("brickyard_local.spark") / "plugin"))
    return sorted(folder.glob("*.scala"))


def fingerprint(jars: Sequence[str]) -> str:
    """Changes with every byte of the source and every jar (named by version or hash) that it is compiled against."""
    digest = hashlib.sha256("\n".join(jars).encode())
    for source in sources():
        digest.update(source.name.encode())
        digest.update(source.read_bytes())
    return digest.hexdigest()


def compile_to(target: Path, *, spark_jars: Path, more_jars: Sequence[Path], java: Java) -> None:
    """Write the compiled plug-in to `target`, whole or not at all.

    Errors: PluginDoesNotCompile with the compiler's words.
    """
    target.parent.mkdir(parents=True, exist_ok=True)
    found = {name: next(spark_jars.glob(f"scala-{name}-2.*.jar")) for name in ("compiler", "library", "reflect")}
    compiler = _class_path(list(found.values()))
    against = _class_path([*sorted(spark_jars.glob("*.jar")), *more_jars])
    with tempfile.TemporaryDirectory(prefix=".compile-", dir=target.parent) as folder:
        made = Path(folder) / "plugin.jar"
        argv = [
            *(str(java.executable), "-Xss8m", "-XX:+UseSerialGC", "-cp", compiler, "scala.tools.nsc.Main"),
            *("-nowarn", "-classpath", against, "-d", str(made)),
            *map(str, sources()),
        ]
        done = subprocess.run(argv, capture_output=True, text=True, timeout=_TIMEOUT_S, check=False)
        if done.returncode != 0 or not made.is_file():
            raise PluginDoesNotCompile(
                "The Spark catalog plug-in does not compile. It leans on private parts of Spark and Delta, so their "
                "versions must be those of Pipfile.lock and jars.lock.json: run `pipenv sync`. The compiler said:\n"
                + (done.stdout + done.stderr)[-3000:]
            )
        made.replace(target)


def _class_path(jars: Sequence[Path]) -> str:
    return os.pathsep.join(map(str, jars))
