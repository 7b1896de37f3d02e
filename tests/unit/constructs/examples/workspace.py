"""A folder, a notebook from a file and one from text, a file, a destination, an experiment, the network."""

from pathlib import Path

from cdktf import TerraformStack

from brickyard_constructs.iam import Permission
from brickyard_constructs.ml import Experiment, ExperimentProps
from brickyard_constructs.workspace import (
    Folder,
    FolderProps,
    NetworkBinding,
    NetworkBindingProps,
    Notebook,
    NotebookProps,
    NotificationDestination,
    NotificationDestinationProps,
    WorkspaceFile,
    WorkspaceFileProps,
)

RUNS = (Permission(level="CAN_RUN", service_principal="run-as"),)


def build(stack: TerraformStack) -> None:
    """Put it all into a stack."""
    Folder(stack, "folder", FolderProps(path="/Shared/acme"))
    here = Path(__file__)
    Notebook(stack, "text", NotebookProps(path="/Users/deployer/hello", permissions=RUNS, content="print(1)\n"))
    Notebook(stack, "file", NotebookProps(path="/Users/deployer/example", permissions=RUNS, source=here))
    WorkspaceFile(stack, "script", WorkspaceFileProps(path="/Users/deployer/example.py", source=here, permissions=RUNS))
    emails = ("team@acme.example",)
    NotificationDestination(stack, "team", NotificationDestinationProps(name="ML team", emails=emails))
    network = NetworkBindingProps(workspace_id=1, connectivity_config_id="ncc-id", egress_policy_id="restricted")
    NetworkBinding(stack, "network", network)
    manages = (Permission(level="CAN_MANAGE", group="team"),)
    Experiment(stack, "experiment", ExperimentProps(path="/Shared/acme/churn", permissions=manages))
