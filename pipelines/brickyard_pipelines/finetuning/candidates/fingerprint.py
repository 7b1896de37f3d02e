"""What makes a model's folder the same model: the names and bytes of its files, wherever it lies."""

from pathlib import Path

from brickyard_pipelines.finetuning.errors import Problem, UnusableCandidate
from brickyard_pipelines.finetuning.outputs import folder_sha256


def model_sha256(folder: Path) -> str:
    """One hash over every file of a folder; hidden ones, such as locks, are not of the model.

    Errors: UnusableCandidate when there is no config.json, so that it is no model.
    """
    if not (folder / "config.json").is_file():
        fix = "Give the folder that save_pretrained wrote."
        rule = "a model's folder holds its config.json"
        raise UnusableCandidate([Problem(where=str(folder), got="no config.json", rule=rule, fix=fix)])
    return folder_sha256(folder)
