"""Can Terraform's state be reached, and does somebody hold it?"""

import json
import os
import shutil
import subprocess
from collections.abc import Iterator, Mapping
from typing import Any

from brickyard.doctor.finding import Finding
from brickyard.doctor.preflight import Preflight
from brickyard.environment import names_of
from brickyard.errors import in_one_line
from brickyard_stacks.names import state_key
from brickyard_stacks.settings.state import AzurermState, LocalState, S3State

_CHECK = "state"
_S = 60


def state_backend(preflight: Preflight) -> Iterator[Finding]:
    """By the kind of the backend; each stack's lock is looked at."""
    state = preflight.environment.state
    if isinstance(state, LocalState):
        yield from _in_files(preflight, state)
    elif isinstance(state, S3State):
        yield from _in_s3(preflight, state)
    else:
        yield from _in_azure(state)


def _keys(preflight: Preflight) -> dict[str, str]:
    """Where each stack's state may lie, those of later phases included."""
    names = names_of(preflight.clone, preflight.environment.name)
    of_projects = (stack for project in names.projects for stack in project.stacks)
    stacks = (names.shared.account_stack, names.shared.platform_stack, *of_projects)
    return {stack: state_key(preflight.environment, stack) for stack in stacks}


def _in_files(preflight: Preflight, state: LocalState) -> Iterator[Finding]:
    folder = preflight.clone.root / state.path
    nearest = next(path for path in (folder, *folder.parents) if path.exists())
    if not os.access(nearest, os.W_OK):
        fix = f"make {nearest} yours, or name another folder in state.path"
        yield Finding(check=_CHECK, status="problem", said=f"{nearest} cannot be written", fix=fix)
        return
    if preflight.environment.stage in ("staging", "prod"):
        said = f"the state of {preflight.environment.stage} lies on this machine alone"
        fix = "keep it where the team and the pipelines reach it: state.backend s3 or azurerm"
        yield Finding(check=_CHECK, status="warning", said=said, fix=fix)
    locks = 0
    for stack, key in _keys(preflight).items():
        file = preflight.clone.root / key
        lock = file.with_name(f".{file.name}.lock.info")
        if lock.exists():
            locks += 1
            yield _locked(stack, lock.read_text())
    if not locks:
        yield Finding(check=_CHECK, status="ok", said=f"{state.path} can be written, nobody holds a lock")


def _locked(stack: str, text: str) -> Finding:
    """Terraform's own words about who holds a lock."""
    try:
        lock: Mapping[str, Any] = json.loads(text)
    except ValueError:
        lock = {}
    who, since, id_ = lock.get("Who", "unknown"), lock.get("Created", "unknown"), lock.get("ID", "ID")
    said = f"the state of {stack} is locked by {who} since {since} ({lock.get('Operation', 'unknown operation')})"
    fix = f"wait for its end; if it has died: `terraform force-unlock {id_}` in cdktf.out/stacks/{stack}"
    return Finding(check=_CHECK, status="problem", said=said, fix=fix)


def _in_s3(preflight: Preflight, state: S3State) -> Iterator[Finding]:
    try:
        import boto3
        from botocore.exceptions import BotoCoreError, ClientError
    except ImportError:
        line = f"aws s3api head-bucket --bucket {state.bucket} --region {state.region}"
        said, fix = "not looked at: boto3 is not installed", f"`pip install boto3`, or look yourself: `{line}`"
        yield Finding(check=_CHECK, status="warning", said=said, fix=fix)
        return
    try:
        session = boto3.session.Session(profile_name=state.profile, region_name=state.region)
        client = session.client("s3", endpoint_url=state.endpoint)
        client.head_bucket(Bucket=state.bucket)
        yield from _bucket(client, state)
        locked = list(_s3_locks(client, preflight, state))
    except (BotoCoreError, ClientError) as error:
        yield _not_reached(f"s3://{state.bucket}", error, preflight.environment.name)
        return
    yield from locked
    if not locked:
        yield Finding(check=_CHECK, status="ok", said=f"s3://{state.bucket} can be reached, nobody holds a lock")


def _bucket(client: Any, state: S3State) -> Iterator[Finding]:
    """What a state bucket needs, beside being there."""
    if client.get_bucket_versioning(Bucket=state.bucket).get("Status") != "Enabled":
        said = f"s3://{state.bucket} keeps no versions: a broken state cannot be brought back"
        text = f"aws s3api put-bucket-versioning --bucket {state.bucket} --versioning-configuration Status=Enabled"
        yield Finding(
            check=_CHECK, status="warning", said=said, fix="turn it on:", giver="cloud administrator", text=text
        )


def _s3_locks(client: Any, preflight: Preflight, state: S3State) -> Iterator[Finding]:
    from botocore.exceptions import ClientError

    for stack, key in _keys(preflight).items():
        try:
            lock = client.get_object(Bucket=state.bucket, Key=f"{key}.tflock")["Body"].read()
        except ClientError as error:
            if error.response["Error"]["Code"] in ("NoSuchKey", "404"):
                continue
            raise
        yield _locked(stack, lock.decode(errors="replace"))


def _in_azure(state: AzurermState) -> Iterator[Finding]:
    where = f"{state.storage_account_name}/{state.container_name}"
    argv = ["az", "storage", "container", "show", "--auth-mode", "login", "--name", state.container_name]
    argv += ["--account-name", state.storage_account_name]
    if shutil.which("az") is None:
        said, fix = f"{where} is not looked at: az is not on the PATH", f"look yourself: `{' '.join(argv)}`"
        yield Finding(check=_CHECK, status="warning", said=said, fix=fix)
        return
    try:
        done = subprocess.run(argv, capture_output=True, text=True, check=False, timeout=_S)
    except subprocess.TimeoutExpired:
        yield _not_reached(where, TimeoutError(f"az did not answer within {_S} s"), "")
        return
    if done.returncode:
        yield _not_reached(where, RuntimeError(done.stderr.strip()[:300]), "")
        return
    lease = json.loads(done.stdout).get("properties", {}).get("lease", {}).get("state", "unknown")
    said = f"{where} can be reached (lease of the container: {lease}; the lease of each state is not read)"
    yield Finding(check=_CHECK, status="ok", said=said)


def _not_reached(where: str, error: Exception, environment: str) -> Finding:
    said = f"the state store {where} cannot be reached: {in_one_line(error)}"
    text = (
        f"Terraform's state shall lie in {where}: make it (`brickyard bootstrap {environment or 'ENV'}` does), "
        "and let this sign-in read, write and delete objects there."
    )
    return Finding(
        check=_CHECK,
        status="problem",
        said=said,
        fix="a cloud administrator makes it, or gives access:",
        giver="cloud administrator",
        text=text,
    )
