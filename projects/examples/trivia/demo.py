"""`make demo-finetuning`: a real small model tuned on this machine's CPU, judged, registered, served and asked.

Three tasks, one of each approach, in a local workspace of its own, which ends with the demo; the pages stay in
`.brickyard/demo`. Endpoints are made by the SDK here; a deployed project has them from Terraform (project.yaml). A
model that misses its criteria is refused, as it would be in a job, and the demo goes on with the next.
"""

import json
import os
import sys
import tempfile
import time
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

from databricks.sdk.service.serving import (
    ChatMessage,
    ChatMessageRole,
    EndpointCoreConfigInput,
    ServedEntityInput,
)

from brickyard_local import process
from brickyard_local.pytest_plugin import LocalWorkspace, start_local_workspace

if TYPE_CHECKING:
    from databricks.sdk import WorkspaceClient

HERE = Path(__file__).parent
WORK = Path.cwd() / ".brickyard" / "demo"
CATALOG = "demo"
# What libraries tell on their way; the steps tell their own.
QUIET = {
    "HF_HUB_DISABLE_PROGRESS_BARS": "1",
    "MLFLOW_SUPPRESS_PRINTING_URL_TO_STDOUT": "true",
    "MLFLOW_LOGGING_LEVEL": "WARNING",
    "TQDM_DISABLE": "1",
    "TRANSFORMERS_VERBOSITY": "error",
}


@dataclass(frozen=True, kw_only=True, slots=True)
class Task:
    """A folder with plan.yaml and criteria.yaml, and what its endpoint is asked; without that it gets none."""

    name: str
    package: str
    asked: tuple[str, ...] = ()

    @property
    def work(self) -> Path:
        """The folder of its data, models and pages."""
        return WORK / self.name

    @property
    def model(self) -> str:
        """The registered model."""
        return f"{CATALOG}.models.{self.name}"


TASKS = (
    Task(
        name="trivia",
        package="trivia",
        asked=(
            "What is the capital of France?",
            "Who was the first man on the moon?",
            "How many days are in a leap year?",
        ),
    ),
    Task(name="small_talk", package="trivia.small_talk", asked=("Hello, how are you?", "Do you like music?")),
    Task(name="python_docs", package="trivia.python_docs"),
)


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
    """In the workspace: tune and judge, register, promote, serve, ask, task by task."""
    client = workspace.client()
    client.catalogs.create(CATALOG)
    client.schemas.create("models", CATALOG)
    for task in TASKS:
        print(f"{task.name}: bring, prepare, benchmark, train, evaluate, register. Minutes on two cores.", flush=True)
        if tuned(task) and task.asked:
            serve(client, task)


def tuned(task: Task) -> bool:
    """Whether the task's model met its criteria, and was registered."""
    from brickyard_pipelines.errors import ValidationRefused
    from brickyard_pipelines.finetuning.command import main as finetuning

    began = time.monotonic()
    given = [f"--project={task.package}", f"--work={task.work}", f"--bring={task.package}.bring:bring"]
    try:
        finetuning(["run", *given, f"--model={task.model}", f"--experiment=/Shared/{task.name}"])
    except SystemExit as ended:
        if not isinstance(ended.__cause__, ValidationRefused):
            raise
        told(task, began)
        return False
    told(task, began)
    return True


def serve(client: "WorkspaceClient", task: Task) -> None:
    """Promote the version, wait for its endpoint, ask."""
    from brickyard_pipelines.finetuning.command import main as finetuning

    endpoint, plan = f"demo-{task.name}", f"--plan={task.work / 'plan.yaml'}"
    finetuning(["deploy", plan, f"--model={task.model}", "--model-version=1", f"--endpoint={endpoint}"])
    entity = ServedEntityInput(
        entity_name=task.model, entity_version="1", scale_to_zero_enabled=False, workload_size="Small"
    )
    config = EndpointCoreConfigInput(name=endpoint, served_entities=[entity])
    client.serving_endpoints.create_and_wait(endpoint, config=config, timeout=timedelta(minutes=20))
    for text in task.asked:
        said = [ChatMessage(role=ChatMessageRole.USER, content=text)]
        answer = client.serving_endpoints.query(endpoint, messages=said, max_tokens=32)
        message = answer.choices[0].message if answer.choices else None
        print(f"  {text}\n    {message.content if message else 'no answer'}", flush=True)
    client.serving_endpoints.delete(endpoint)  # a model in memory is enough


def told(task: Task, began: float) -> None:
    """What improved and what did not, as the evaluation has it."""
    found = sorted((task.work / "evaluations").glob("*/evaluation.json"), key=lambda path: path.stat().st_mtime)
    if not found:
        return
    document: dict[str, Any] = json.loads(found[-1].read_text(encoding="utf-8"))
    minutes = (time.monotonic() - began) / 60
    print(f"After {minutes:.1f} minutes: {'passed' if document['passed'] else 'refused'}. {document['reason']}")
    for gain in document["over_base"]:
        mean = gain["mean"]
        counts = f"{gain['wins']} won, {gain['ties']} tied, {gain['losses']} lost"
        print(f"  {gain['criterion']}, beside the base: {gain['verdict']}, {mean['mean']:+.3g} ({counts})")
    for gain in document["general"]:
        print(f"  general {gain['criterion']}: {gain['verdict']} ({gain['mean']['mean']:+.3g})")
    for advice in document["advice"]:
        print(f"  {advice['means']} {advice['do']}")
    print(f"  The page: {found[-1].with_suffix('.html')}")


if __name__ == "__main__":
    main()
