"""What `brickyard local` asks, refuses and shows; the server itself is not started here."""

import argparse
import os
import threading
import time
from pathlib import Path
from typing import Any

import pytest

from brickyard import local, logs
from brickyard.clone import Clone
from brickyard.errors import CannotRemove, InvalidWorkspace, NotConfirmed, NotUp, UnknownLog
from brickyard.local_verbs import add_verbs
from brickyard.removal import remove
from brickyard.screen import Screen
from brickyard_local.account import Account, WorkspaceSpec
from brickyard_local.snapshots.errors import CannotRestore, CannotSnapshot
from brickyard_local.store import Store


def shown(screen: Screen) -> str:
    text: str = screen.console.file.getvalue()  # type: ignore[attr-defined]
    return text


def make_account(clone: Clone) -> None:
    clone.home.create()
    account = Account(Store(clone.home.database), clone.home)
    account.admin_token()
    account.ensure_workspace(WorkspaceSpec(name="local"))
    clone.terraform_state.mkdir(exist_ok=True)
    (clone.terraform_state / "local-platform.tfstate").write_text("{}")


def test_workspaces_are_named_with_a_port_or_without() -> None:
    assert local.workspace_specs(["dev", "prod:20001"]) == (
        WorkspaceSpec(name="dev"),
        WorkspaceSpec(name="prod", port=20001),
    )


@pytest.mark.parametrize(
    ("texts", "reason"),
    [
        (["dev:http"], "'http' is no port for workspace 'dev'"),
        (["dev:80"], "from 1024 to 65535"),
        ([":20001"], "'' is no name"),
        (["1dev"], "a letter first"),
        (["a b"], "'a b' is no name"),
        (["dev", "dev:20001"], "named twice"),
    ],
)
def test_what_is_no_workspace_is_refused_with_the_rule(texts: list[str], reason: str) -> None:
    with pytest.raises(InvalidWorkspace, match=reason):
        local.workspace_specs(texts)


def test_reset_asks_and_keeps_everything_when_it_is_not_confirmed(empty_clone: Clone, screen: Screen) -> None:
    make_account(empty_clone)
    with pytest.raises(NotConfirmed, match="Nothing was removed"):
        local.reset(empty_clone, screen, yes=False, answer=lambda _question: "n")
    assert empty_clone.home.database.exists()
    assert (empty_clone.terraform_state / "local-platform.tfstate").exists()


def test_reset_without_anybody_to_ask_says_what_to_say(empty_clone: Clone, screen: Screen) -> None:
    make_account(empty_clone)
    with pytest.raises(NotConfirmed, match="--yes"):
        local.reset(empty_clone, screen, yes=False)


def test_reset_removes_the_state_and_keeps_caches_and_snapshots(empty_clone: Clone, screen: Screen) -> None:
    make_account(empty_clone)
    local.snapshot(empty_clone, screen, "kept", replace=False)
    (empty_clone.home.cache / "jar").write_text("x")
    local.reset(empty_clone, screen, yes=False, answer=lambda _question: "y")
    assert not empty_clone.home.root.exists()
    assert not empty_clone.terraform_state.exists()
    assert (empty_clone.home.cache / "jar").exists()
    assert local.snapshot_file(empty_clone, "kept").exists()


def test_a_snapshot_by_name_is_listed_and_brings_the_terraform_state_back(empty_clone: Clone, screen: Screen) -> None:
    make_account(empty_clone)
    local.snapshot(empty_clone, screen, "first", replace=False)
    (empty_clone.terraform_state / "local-platform.tfstate").write_text('{"changed": 1}')
    local.restore(empty_clone, screen, "first", force=False)
    assert (empty_clone.terraform_state / "local-platform.tfstate").read_text() == "{}"
    local.show_snapshots(empty_clone, screen)
    assert "first" in shown(screen).splitlines()[-1]
    with pytest.raises(CannotSnapshot, match="exists already"):
        local.snapshot(empty_clone, screen, "first", replace=False)


def test_a_snapshot_to_a_file_lies_there(empty_clone: Clone, screen: Screen, tmp_path: Path) -> None:
    make_account(empty_clone)
    local.snapshot(empty_clone, screen, str(tmp_path / "mine.tar.gz"), replace=False)
    assert (tmp_path / "mine.tar.gz").stat().st_mode & 0o777 == 0o600
    local.restore(empty_clone, screen, str(tmp_path / "mine.tar.gz"), force=False)


def test_what_is_not_there_is_said(empty_clone: Clone, screen: Screen) -> None:
    with pytest.raises(CannotRestore, match=r"There is no snapshot .*brickyard local list"):
        local.restore(empty_clone, screen, "none", force=False)
    with pytest.raises(CannotSnapshot, match="holds no local account"):
        local.snapshot(empty_clone, screen, "none", replace=False)
    local.show_snapshots(empty_clone, screen)
    assert "none; `brickyard local snapshot NAME` makes one" in shown(screen)


@pytest.mark.skipif(os.geteuid() == 0, reason="root may remove everything")
def test_what_could_not_be_removed_is_named(tmp_path: Path) -> None:
    closed = tmp_path / "state" / "closed"
    closed.mkdir(parents=True)
    (closed / "file").touch()
    (tmp_path / "other").mkdir()
    closed.chmod(0o500)
    try:
        with pytest.raises(CannotRemove, match=r"closed/file \(Permission denied\)"):
            remove((tmp_path / "state", tmp_path / "other"))
        assert not (tmp_path / "other").exists(), "what can be removed is"
    finally:
        closed.chmod(0o700)


def test_removing_tells_the_cause_and_not_the_folders_that_stay_for_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "state" / "held").mkdir(parents=True)
    (tmp_path / "state" / "held" / "file").touch()

    def refuse(path: Any, *_: Any, **__: Any) -> None:
        raise PermissionError(1, "Operation not permitted", path)

    monkeypatch.setattr(os, "unlink", refuse)
    with pytest.raises(CannotRemove, match=r"file \(Operation not permitted\)") as error:
        remove((tmp_path / "state",))
    assert "not empty" not in str(error.value)


def test_logs_show_the_end_of_a_part(empty_clone: Clone) -> None:
    empty_clone.home.logs.mkdir(parents=True)
    (empty_clone.home.logs / "server.log").write_text("".join(f"line {n}\n" for n in range(1000)))
    said: list[str] = []
    logs.show_logs(empty_clone, "server", None, follow=False, write=said.append)
    assert said[0].splitlines()[0] == "line 800"
    assert said[-1].endswith("line 999\n")


def test_logs_of_two_children_are_told_apart(empty_clone: Clone) -> None:
    (empty_clone.home.logs / "serving").mkdir(parents=True)
    for name in ("a", "b"):
        (empty_clone.home.logs / "serving" / f"{name}.log").write_text(f"of {name}\n")
    said: list[str] = []
    logs.show_logs(empty_clone, "serving", None, follow=False, write=said.append)
    assert "==> .brickyard/local/logs/serving/a.log <==\nof a\n" in "".join(said)


def test_a_part_that_never_started_has_no_log(empty_clone: Clone) -> None:
    with pytest.raises(UnknownLog, match="has not started its spark yet"):
        logs.log_files(empty_clone, "spark", None)
    with pytest.raises(UnknownLog, match="Say which run"):
        logs.log_files(empty_clone, "job", None)
    with pytest.raises(NotUp, match="brickyard local up"):
        logs.log_files(empty_clone, "job", 7)


def test_a_task_run_is_found_without_the_server(empty_clone: Clone) -> None:
    folder = empty_clone.home.runs / "7"
    folder.mkdir(parents=True)
    (folder / "output.log").write_text("said\n")
    assert logs.log_files(empty_clone, "job", 7) == [folder / "output.log"]


def test_following_shows_what_comes_and_starts_anew_with_the_file(empty_clone: Clone) -> None:
    empty_clone.home.logs.mkdir(parents=True)
    log = empty_clone.home.logs / "server.log"
    log.write_text("old old old\n")
    said: list[str] = []
    arrived = threading.Event()

    def write(text: str) -> None:
        said.append(text)
        if text == "new\n":
            raise KeyboardInterrupt
        if text == "more\n":
            arrived.set()

    def change() -> None:
        time.sleep(0.05)
        with log.open("a") as file:
            file.write("more\n")
        arrived.wait(10)
        log.write_text("new\n")

    threading.Thread(target=change, daemon=True).start()
    with pytest.raises(KeyboardInterrupt):
        logs.show_logs(empty_clone, "server", None, follow=True, write=write)
    assert said == ["old old old\n", "more\n", "new\n"]


def test_every_verb_is_there_and_leads_to_what_it_says() -> None:
    parser = argparse.ArgumentParser()
    add_verbs(parser)
    for line in (
        "up --workspace dev --workspace prod:20001",
        "down",
        "reset --yes",
        "logs job 7 -f",
        "snapshot a --replace",
        "restore a --force",
        "list",
    ):
        assert callable(parser.parse_args(line.split()).run)
    with pytest.raises(SystemExit):
        parser.parse_args(["logs", "nothing"])


def test_following_goes_on_when_the_log_is_removed_and_comes_again(empty_clone: Clone) -> None:
    """`brickyard local reset` in another window removes it."""
    empty_clone.home.logs.mkdir(parents=True)
    log = empty_clone.home.logs / "server.log"
    log.write_text("old\n")
    following = logs._following([log])
    log.unlink()
    said: list[str] = []
    reader = threading.Thread(target=lambda: said.append(next(following)), daemon=True)
    reader.start()
    time.sleep(2 * logs._POLL_S)
    log.write_text("new\n")
    reader.join(10)
    assert said == ["new\n"]


def test_of_a_large_log_only_the_end_is_read(empty_clone: Clone, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(logs, "_LONGEST_TAIL_BYTES", 25)
    empty_clone.home.logs.mkdir(parents=True)
    (empty_clone.home.logs / "server.log").write_text("".join(f"line {n}\n" for n in range(1000)))
    said: list[str] = []
    logs.show_logs(empty_clone, "server", None, follow=False, write=said.append)
    assert said == ["line 998\nline 999\n"]
