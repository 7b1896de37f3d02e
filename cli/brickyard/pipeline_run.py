"""The pipeline's run that a command is part of: who began it, where it is, and what later jobs and people are told.

Source: learn.microsoft.com/azure/devops/pipelines/build/variables and …/scripts/logging-commands;
docs.github.com/actions/reference/workflows-and-actions/variables and …/workflow-commands
"""

import getpass
import os
import re
from collections.abc import Mapping
from pathlib import Path

_NAME = re.compile(r"[a-z][a-z_]*")
_LINE = re.compile(r"[^\x00-\x1f\x7f]*")


def began_by(variables: Mapping[str, str] = os.environ) -> str:
    """The person or app that began the run; elsewhere who is logged in to this machine."""
    if variables.get("GITHUB_ACTIONS"):
        return variables.get("GITHUB_TRIGGERING_ACTOR") or variables.get("GITHUB_ACTOR") or "unknown"
    if variables.get("TF_BUILD"):
        return variables.get("BUILD_REQUESTEDFOREMAIL") or variables.get("BUILD_REQUESTEDFOR") or "unknown"
    return getpass.getuser()


def url(variables: Mapping[str, str] = os.environ) -> str:
    """The run's page; empty where there is no run."""
    if variables.get("GITHUB_ACTIONS"):
        server, repository = variables.get("GITHUB_SERVER_URL", ""), variables.get("GITHUB_REPOSITORY", "")
        return f"{server}/{repository}/actions/runs/{variables.get('GITHUB_RUN_ID', '')}"
    if variables.get("TF_BUILD"):
        collection, project = (
            variables.get("SYSTEM_COLLECTIONURI", "").rstrip("/"),
            variables.get("SYSTEM_TEAMPROJECT", ""),
        )
        return f"{collection}/{project}/_build/results?buildId={variables.get('BUILD_BUILDID', '')}"
    return ""


def tell(outputs: Mapping[str, str], variables: Mapping[str, str] = os.environ) -> None:
    """Give later jobs what this step found; the platform keeps it, not the artifact. Nothing outside of a pipeline."""
    for name, value in outputs.items():
        if not _NAME.fullmatch(name) or not _LINE.fullmatch(value):
            raise ValueError(f"{name!r} cannot be an output of a pipeline's step: one line, and a plain name")
    if file := variables.get("GITHUB_OUTPUT"):
        with Path(file).open("a", encoding="utf-8") as opened:
            opened.writelines(f"{name}={value}\n" for name, value in outputs.items())
    if variables.get("TF_BUILD"):
        for name, value in outputs.items():
            print(f"##vso[task.setvariable variable={name};isOutput=true]{value}", flush=True)


def summarise(markdown: Path, variables: Mapping[str, str] = os.environ) -> None:
    """Show a page where people look at the run."""
    if file := variables.get("GITHUB_STEP_SUMMARY"):
        with Path(file).open("a", encoding="utf-8") as opened:
            opened.write(markdown.read_text(encoding="utf-8") + "\n")
    if variables.get("TF_BUILD"):
        print(f"##vso[task.uploadsummary]{markdown.resolve()}", flush=True)
