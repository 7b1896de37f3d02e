"""Setting up the jars, with a stand-in for Ivy: nothing is downloaded."""

import dataclasses
import hashlib
from collections.abc import Sequence
from pathlib import Path

import pytest

from brickyard_local.spark import ivy, jars, plugin
from brickyard_local.spark.errors import JarsUnavailable
from brickyard_local.spark.ivy import Coordinates
from brickyard_local.spark.java import Java, find_java

ONE = Coordinates(organisation="o", module="m", revision="1", sha256=hashlib.sha256(b"the jar").hexdigest())


class Registry:
    """Stands in for the download and the compiler, and counts."""

    def __init__(self, content: bytes = b"the jar") -> None:
        self.content = content
        self.downloads = self.compilations = 0

    def download(self, wanted: Sequence[Coordinates], folder: Path, _java: Java, _ivy: Path) -> None:
        self.downloads += 1
        for jar in wanted:
            (folder / jar.file_name).write_bytes(self.content)

    def compile_to(self, target: Path, **_: object) -> None:
        self.compilations += 1
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(b"classes")


@pytest.fixture
def registry(monkeypatch: pytest.MonkeyPatch) -> Registry:
    registry = Registry()
    lock = dataclasses.replace(jars.read_lock(), jars=(ONE,))
    monkeypatch.setattr(jars, "read_lock", lambda: lock)
    monkeypatch.setattr(ivy, "download", registry.download)
    monkeypatch.setattr(plugin, "compile_to", registry.compile_to)
    return registry


def test_jars_are_downloaded_and_the_plugin_compiled_once(registry: Registry, tmp_path: Path) -> None:
    told: list[str] = []
    first = jars.ensure(tmp_path / "a cache", told.append)
    assert jars.ensure(tmp_path / "a cache", told.append) == first
    assert (registry.downloads, registry.compilations) == (1, 1)
    assert told == ["Downloading 1 jars of Delta Lake (13 MB)", "Compiling the Spark catalog plug-in"]
    assert [jar.read_bytes() for jar in first.delta] == [b"the jar"]


def test_a_damaged_jar_is_downloaded_again(registry: Registry, tmp_path: Path) -> None:
    found = jars.ensure(tmp_path, lambda _: None)
    found.delta[0].write_bytes(b"the j")
    assert jars.ensure(tmp_path, lambda _: None).delta[0].read_bytes() == b"the jar"
    assert registry.downloads == 2


def test_another_file_than_the_locked_one_is_never_used(registry: Registry, tmp_path: Path) -> None:
    registry.content = b"something else"
    with pytest.raises(JarsUnavailable, match=r"o:m:1 has sha256 .* jars\.lock\.json names"):
        jars.ensure(tmp_path, lambda _: None)
    assert not list(tmp_path.rglob("*.jar"))


def test_the_lock_is_for_the_installed_pyspark_only(
    registry: Registry, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    lock = dataclasses.replace(jars.read_lock(), pyspark="9.9.9")
    monkeypatch.setattr(jars, "read_lock", lambda: lock)
    with pytest.raises(JarsUnavailable, match=r"locked for 9\.9\.9"):
        jars.ensure(tmp_path, lambda _: None)


def test_the_plugin_is_compiled_anew_for_other_jars() -> None:
    assert plugin.fingerprint(["a"]) != plugin.fingerprint(["b"])
    assert [source.name for source in plugin.sources()] == sorted(source.name for source in plugin.sources())


def test_a_registry_that_cannot_be_reached_is_explained(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The real Ivy, with settings that know no repository at all."""
    settings = tmp_path / "settings.xml"
    settings.write_text(
        '<ivysettings><settings defaultResolver="none"/><resolvers><filesystem name="none">'
        f'<artifact pattern="{tmp_path}/nothing/[module]-[revision].[ext]"/></filesystem></resolvers></ivysettings>'
    )
    monkeypatch.setenv("BRICKYARD_IVY_SETTINGS", str(settings))
    program = next(jars._spark_jars(jars.read_lock().pyspark).glob("ivy-*.jar"))
    with pytest.raises(
        JarsUnavailable, match=r"(?s)BRICKYARD_IVY_SETTINGS=.*not found.*Check:.*Then repeat: pipenv run"
    ):
        ivy.download([ONE], tmp_path, find_java({}), program)
