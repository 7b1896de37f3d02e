"""State in S3, by real Terraform against a moto server: locked by S3 itself, encrypted, moved, and refused by name.

The stack holds nothing but `terraform_data`, which needs no provider.
"""

import json
import os
import re
import signal
import subprocess
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import boto3  # type: ignore[import-untyped]
import pytest
from cdktf import App, TerraformStack
from moto.server import ThreadedMotoServer

from brickyard_stacks.settings import Environment, load_environment
from brickyard_stacks.settings.state import LocalState, S3State
from brickyard_stacks.state import keep_state

ROOT = Path(__file__).resolve().parents[2]
BUCKET = "brickyard-state"
KEY = "brickyard/prod/prod-platform.tfstate"
HELD = "holding"


@pytest.fixture(scope="module")
def endpoint() -> Iterator[str]:
    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    yield f"http://{host}:{port}"
    server.stop()


@pytest.fixture
def s3(endpoint: str) -> Iterator[Any]:
    """A client of the bucket, which is versioned as `brickyard bootstrap` makes it, and empty."""
    client = boto3.client(
        "s3", endpoint_url=endpoint, region_name="eu-west-1", aws_access_key_id="testing", aws_secret_access_key="t"
    )
    client.create_bucket(Bucket=BUCKET, CreateBucketConfiguration={"LocationConstraint": "eu-west-1"})
    client.put_bucket_versioning(Bucket=BUCKET, VersioningConfiguration={"Status": "Enabled"})
    yield client
    for page in client.get_paginator("list_object_versions").paginate(Bucket=BUCKET):
        for version in [*page.get("Versions", []), *page.get("DeleteMarkers", [])]:
            client.delete_object(Bucket=BUCKET, Key=version["Key"], VersionId=version["VersionId"])
    client.delete_bucket(Bucket=BUCKET)


@dataclass(frozen=True, kw_only=True, slots=True)
class Stack:
    """A synthesised stack's folder, and Terraform in it."""

    folder: Path
    variables: dict[str, str]

    def start(self, *arguments: str) -> subprocess.Popen[str]:
        return subprocess.Popen(
            ["terraform", *arguments, "-no-color", "-input=false"],
            cwd=self.folder,
            env=self.variables,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            start_new_session=True,
        )

    def run(self, *arguments: str) -> tuple[int, str]:
        process = self.start(*arguments)
        said = process.communicate()[0]
        return process.returncode, said

    def must(self, *arguments: str) -> str:
        status, said = self.run(*arguments)
        assert status == 0, said
        return said

    def pull(self) -> dict[str, Any]:
        answered: dict[str, Any] = json.loads(self.must_answer("state", "pull"))
        return answered

    def must_answer(self, *arguments: str) -> str:
        done = subprocess.run(
            ["terraform", *arguments], cwd=self.folder, env=self.variables, check=True, capture_output=True, text=True
        )
        return done.stdout

    def hold(self) -> Path:
        """While this file is there, an apply that makes the resource does not end."""
        file = self.folder / HELD
        file.touch()
        return file


def synthesise(out: Path, state: S3State | LocalState) -> Stack:
    environment: Environment = load_environment(ROOT / "environments/local.yaml").model_copy(update={"state": state})
    app = App(outdir=str(out))
    stack = TerraformStack(app, "prod-platform")
    keep_state(stack, "prod-platform", environment, root=out)
    waits = f"touch started; while [ -e {HELD} ]; do sleep 0.1; done"
    stack.add_override(
        "resource.terraform_data.thing", {"input": "kept", "provisioner": [{"local-exec": {"command": waits}}]}
    )
    app.synth()
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("AWS_", "TF_"))}
    sign_in = {"AWS_ACCESS_KEY_ID": "testing", "AWS_SECRET_ACCESS_KEY": "t", "AWS_EC2_METADATA_DISABLED": "true"}
    folder = out / "stacks" / "prod-platform"
    return Stack(folder=folder, variables={**kept, **sign_in, "CHECKPOINT_DISABLE": "1"})


def in_s3(endpoint: str, **changes: str) -> S3State:
    settings = {"bucket": BUCKET, "region": "eu-west-1", "key_prefix": "brickyard/prod", "endpoint": endpoint}
    return S3State(backend="s3", **{**settings, **changes})


@pytest.fixture
def stack(tmp_path: Path, s3: Any, endpoint: str) -> Stack:
    made = synthesise(tmp_path / "out", in_s3(endpoint))
    made.must("init")
    return made


def keys(s3: Any) -> list[str]:
    return [entry["Key"] for entry in s3.list_objects_v2(Bucket=BUCKET).get("Contents", [])]


def until(condition: Any) -> None:
    end = time.monotonic() + 30
    while not condition():
        assert time.monotonic() < end, "it never came"
        time.sleep(0.05)


def test_a_stack_keeps_its_state_under_its_own_key_encrypted_and_leaves_no_lock(stack: Stack, s3: Any) -> None:
    stack.must("apply", "-auto-approve")

    assert keys(s3) == [KEY]
    assert s3.head_object(Bucket=BUCKET, Key=KEY)["ServerSideEncryption"] == "AES256"
    stack.must("plan", "-detailed-exitcode")


def test_of_two_applies_at_once_the_second_is_refused_with_the_holders_name(stack: Stack, s3: Any) -> None:
    held = stack.hold()
    first = stack.start("apply", "-auto-approve")
    until((stack.folder / "started").exists)

    status, said = stack.run("apply", "-auto-approve")
    held.unlink()
    answer = first.communicate()[0]

    assert status == 1
    assert "Error acquiring the state lock" in said
    assert re.search(r"Who: +\S+@\S+", said), said
    assert "Operation: OperationTypeApply" in said
    assert first.returncode == 0, answer
    stack.must("plan", "-detailed-exitcode")


def test_a_killed_holders_lock_says_whose_it_was_and_is_released_by_its_id(stack: Stack, s3: Any) -> None:
    held = stack.hold()
    first = stack.start("apply", "-auto-approve")
    until((stack.folder / "started").exists)
    os.killpg(first.pid, signal.SIGKILL)
    first.wait()
    held.unlink()

    status, said = stack.run("apply", "-auto-approve")
    assert status == 1
    assert f"{KEY}.tflock" in keys(s3)
    lock = re.search(r"ID: +([0-9a-f-]{36})", said)
    assert lock, said
    assert re.search(r"Who: +\S+@\S+", said)

    stack.must_answer("force-unlock", "-force", lock[1])

    stack.must("apply", "-auto-approve")
    assert keys(s3) == [KEY]


def test_state_moves_from_files_to_s3_without_a_change(tmp_path: Path, s3: Any, endpoint: str) -> None:
    """As docs/adr/0021 says: pulled from the old backend, pushed to the new one."""
    before = synthesise(tmp_path / "before", LocalState(backend="local", path="kept"))
    before.must("init")
    before.must("apply", "-auto-approve")
    pulled = before.pull()
    (tmp_path / "moving.tfstate").write_text(json.dumps(pulled))

    after = synthesise(tmp_path / "after", in_s3(endpoint))
    after.must("init")
    after.must_answer("state", "push", str(tmp_path / "moving.tfstate"))

    after.must("plan", "-detailed-exitcode")
    assert after.pull()["resources"] == pulled["resources"]


def test_a_state_is_not_pushed_over_anothers(stack: Stack, tmp_path: Path) -> None:
    stack.must("apply", "-auto-approve")
    other = stack.pull() | {"lineage": "00000000-0000-0000-0000-000000000000"}
    (tmp_path / "other.tfstate").write_text(json.dumps(other))

    status, said = stack.run("state", "push", str(tmp_path / "other.tfstate"))

    assert status == 1
    assert "lineage" in said


def test_a_bucket_that_is_not_there_is_named_before_anything_is_made(tmp_path: Path, s3: Any, endpoint: str) -> None:
    stack = synthesise(tmp_path / "out", in_s3(endpoint, bucket="brickyard-typo"))

    status, said = stack.run("init")

    assert status == 1
    assert re.search(r'bucket "brickyard-typo"\s+does not exist', said), said
    assert keys(s3) == []
