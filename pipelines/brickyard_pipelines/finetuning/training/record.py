"""What a run is and what became of it: `run.json` from its beginning, `training.json` at its end.

*Shapes*: training.json has `schema` 1, run_id, mlflow_run_id, plan, data_version, base_model (name, path, sha256,
licence), approach, settings, metrics, tokens_seen, steps, best_step, stop_reason, stop_token_ids, places, samples,
seconds, peak_memory_gb, estimated (hours, memory_gb).
"""

import hashlib
import json
import uuid
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from brickyard_pipelines.finetuning.errors import OutputTaken, UnsupportedModel
from brickyard_pipelines.finetuning.outputs import folder_sha256, write_json
from brickyard_pipelines.finetuning.plan.base_models import BaseModel
from brickyard_pipelines.finetuning.plan.document import Plan

SCHEMA = 1
RESULT = "training.json"
_RUN = "run.json"


@dataclass(frozen=True, kw_only=True, slots=True)
class Base:
    """The model that training begins with. *Shapes*: `sha256` is of the names and hashes of its files."""

    name: str
    path: str
    sha256: str
    licence: str


@dataclass(frozen=True, kw_only=True, slots=True)
class Identity:
    """What decides the result; two runs of one identity are the same run."""

    plan: str
    approach: str
    data_version: str
    base_model: Base
    training: Mapping[str, Any]
    hardware: Mapping[str, Any]
    context_length: int

    @property
    def sha256(self) -> str:
        """The hash of all but the place that the base model was read from."""
        document = asdict(self)
        document["base_model"].pop("path")
        return hashlib.sha256(json.dumps(document, sort_keys=True).encode()).hexdigest()


@dataclass(frozen=True, kw_only=True, slots=True)
class Begun:
    """A run of an output folder: new, or one to go on with."""

    run_id: str
    mlflow_run_id: str | None
    resumed: bool


def identity_of(plan: Plan, model: BaseModel, folder: Path, data_version: str) -> Identity:
    """The identity of a run.

    Errors: UnsupportedModel when the folder of the base model holds no file.
    """
    hardware = {"accelerator": plan.hardware.accelerator, "count": plan.hardware.count}
    base = Base(name=model.name, path=str(folder), sha256=_base_sha256(folder), licence=model.licence)
    return Identity(
        plan=plan.name,
        approach=plan.approach,
        data_version=data_version,
        base_model=base,
        training=json.loads(json.dumps(asdict(plan.training))),
        hardware=hardware,
        context_length=plan.data.context_length,
    )


def _base_sha256(folder: Path) -> str:
    """What tells the base model from any other.

    Errors: UnsupportedModel when its folder holds no file.
    """
    if not any(each.is_file() for each in folder.rglob("*")):
        raise UnsupportedModel(f"{folder}: got no file; a base model is a folder in transformers' format. Copy it.")
    return folder_sha256(folder)


def finished(output: Path, identity: Identity) -> Mapping[str, Any] | None:
    """What a finished run of this identity left, if there is one."""
    if not (output / RESULT).is_file():
        return None
    document = read(output)
    if document.get("identity_sha256") != identity.sha256:
        raise _taken(output, identity, document)
    return document


def read(output: Path) -> Mapping[str, Any]:
    """What a finished run left."""
    document: Mapping[str, Any] = json.loads((output / RESULT).read_text(encoding="utf-8"))
    return document


def begin(output: Path, identity: Identity) -> Begun:
    """The run that this output was begun with, or a new one.

    Errors: OutputTaken when another configuration was begun there.
    """
    path = output / _RUN
    if not path.is_file():
        return Begun(run_id=uuid.uuid4().hex, mlflow_run_id=None, resumed=False)
    document: Mapping[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    if document["identity_sha256"] != identity.sha256:
        raise _taken(output, identity, document)
    return Begun(run_id=document["run_id"], mlflow_run_id=document["mlflow_run_id"], resumed=True)


def keep(output: Path, identity: Identity, begun: Begun) -> None:
    """Writes down which run this output belongs to."""
    document = {"schema": SCHEMA, "run_id": begun.run_id, "mlflow_run_id": begun.mlflow_run_id}
    write_json(output / _RUN, {**document, **described(identity)})


def described(identity: Identity) -> dict[str, Any]:
    """The identity as both files hold it."""
    return {"identity_sha256": identity.sha256, **asdict(identity)}


def _taken(output: Path, identity: Identity, document: Mapping[str, Any]) -> OutputTaken:
    own = described(identity)
    keys = [key for key in own if key != "identity_sha256" and document.get(key) != own[key]]
    return OutputTaken(
        f"{output}: got another {' and another '.join(keys) or 'configuration'} than the run that was begun there;"
        " one output holds one run. Choose another output, or remove that one."
    )
