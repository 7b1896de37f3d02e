"""`make demo-finetuning`: a real small model tuned on this machine's CPU, judged, registered, served and asked.

Everything happens in a local workspace of its own, which ends with the demo; the pages stay in `.brickyard/demo`.
The endpoint is made by the SDK here; a deployed project has it from Terraform (project.yaml).
"""

import json
import os
import sys
import tempfile
import time
from datetime import timedelta
from pathlib import Path
from typing import Any

from databricks.sdk.service.serving import (
    ChatMessage,
    ChatMessageRole,
    EndpointCoreConfigInput,
    ServedEntityInput,
)

from brickyard_local import process
from brickyard_local.pytest_plugin import LocalWorkspace, start_local_workspace

HERE = Path(__file__).parent
WORK = Path.cwd() / ".brickyard" / "demo" / "trivia"
CATALOG, ENDPOINT, EXPERIMENT = "demo", "demo-trivia", "/Shared/trivia"
# What libraries tell on their way; the steps tell their own.
QUIET = {
    "HF_HUB_DISABLE_PROGRESS_BARS": "1",
    "MLFLOW_SUPPRESS_PRINTING_URL_TO_STDOUT": "true",
    "MLFLOW_LOGGING_LEVEL": "WARNING",
    "TQDM_DISABLE": "1",
    "TRANSFORMERS_VERBOSITY": "error",
}
ASKED = ("What is the capital of France?", "Who was the first man on the moon?", "How many days are in a leap year?")


def main() -> None:
    """All of it; a second time what is done is found done."""
    os.environ |= {"HF_HUB_OFFLINE": "1", **QUIET}
    sys.path[:0] = [str(HERE), str(HERE.parents[2] / "pipelines")]  # as jobs have them: from wheels
    with tempfile.TemporaryDirectory(prefix="brickyard-demo-") as folder:
        workspace = start_local_workspace(Path(folder) / "home")
        try:
            os.environ.update(workspace.environment())
            demo(workspace)
        finally:
            process.stop(workspace.home)


def demo(workspace: LocalWorkspace) -> None:
    """In the workspace: tune and judge, register, promote, serve, ask."""
    from brickyard_pipelines.finetuning.command import main as finetuning

    client, model = workspace.client(), f"{CATALOG}.models.trivia"
    client.catalogs.create(CATALOG)
    client.schemas.create("models", CATALOG)
    began = time.monotonic()
    print("Bring, prepare, benchmark, train, evaluate, register: minutes on two cores.")
    given = ["--project=trivia", f"--work={WORK}", "--bring=trivia.bring:bring"]
    try:
        finetuning(["run", *given, f"--model={model}", f"--experiment={EXPERIMENT}"])
    finally:
        told(began)
    plan = f"--plan={WORK / 'plan.yaml'}"
    finetuning(["deploy", plan, f"--model={model}", "--model-version=1", f"--endpoint={ENDPOINT}"])
    entity = ServedEntityInput(
        entity_name=model, entity_version="1", scale_to_zero_enabled=False, workload_size="Small"
    )
    config = EndpointCoreConfigInput(name=ENDPOINT, served_entities=[entity])
    client.serving_endpoints.create_and_wait(ENDPOINT, config=config, timeout=timedelta(minutes=20))
    for text in ASKED:
        said = [ChatMessage(role=ChatMessageRole.USER, content=text)]
        answer = client.serving_endpoints.query(ENDPOINT, messages=said, max_tokens=32)
        message = answer.choices[0].message if answer.choices else None
        print(f"  {text}\n    {message.content if message else 'no answer'}")


def told(began: float) -> None:
    """What improved and what did not, as the evaluation has it."""
    found = sorted((WORK / "evaluations").glob("*/evaluation.json"), key=lambda path: path.stat().st_mtime)
    if not found:
        return
    document: dict[str, Any] = json.loads(found[-1].read_text(encoding="utf-8"))
    minutes = (time.monotonic() - began) / 60
    print(f"After {minutes:.1f} minutes: {'passed' if document['passed'] else 'refused'}. {document['reason']}")
    for gain in document["over_base"]:
        mean = gain["mean"]
        counts = f"{gain['wins']} won, {gain['ties']} tied, {gain['losses']} lost"
        print(f"  {gain['criterion']}: {gain['verdict']} than the base by {mean['mean']:+.3g} ({counts})")
    for gain in document["general"]:
        print(f"  general {gain['criterion']}: {gain['verdict']} ({gain['mean']['mean']:+.3g})")
    for advice in document["advice"]:
        print(f"  {advice['means']} {advice['do']}")
    print(f"  The page: {found[-1].with_suffix('.html')}")


if __name__ == "__main__":
    main()
