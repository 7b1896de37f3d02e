"""A served entity that cannot load says so."""

from pathlib import Path

from brickyard_local.serving.served import FAILED, Identity, Launch, ServedEntity


def test_a_fault_while_loading_settles_the_entity_as_failed(tmp_path: Path) -> None:
    def prepare() -> Launch:
        raise OSError("no space left")

    identity = Identity(name="m-1", entity_name="a.b.m", entity_version="1", environment_vars=())
    entity = ServedEntity(identity, prepare=prepare, socket_path=tmp_path / "s", log=tmp_path / "log", recovering=False)
    assert entity.settled.wait(5)
    assert entity.state == FAILED
    assert "no space left" in entity.message
    entity.stop()
