"""Where a stack's state is kept: a file of this machine, S3, or Azure Storage.

No argument is a secret: what a backend is told stands in saved plans too (developer.hashicorp.com, backend azurerm).
Credentials come from where the tools look by themselves: the shell, a profile, the pipeline's federation.
"""

from pathlib import Path

from cdktf import AzurermBackend, LocalBackend, S3Backend, S3BackendEndpointConfig, TerraformStack

from brickyard_stacks.names import state_key
from brickyard_stacks.settings import Environment
from brickyard_stacks.settings.state import AzurermState, S3State

# How these ways to sign in to Databricks sign in to Azure Storage as well: by the same pipeline's token.
_FEDERATED = ("azure-devops-oidc", "github-oidc")


def keep_state(stack: TerraformStack, name: str, environment: Environment, *, root: Path) -> None:
    """Give the stack called `name` its backend. `root` is the clone: a relative path begins there."""
    state, key = environment.state, state_key(environment, name)
    if isinstance(state, S3State):
        _in_s3(stack, state, key)
    elif isinstance(state, AzurermState):
        federated = environment.workspace.auth.type in _FEDERATED
        AzurermBackend(
            stack,
            storage_account_name=state.storage_account_name,
            container_name=state.container_name,
            key=key,
            resource_group_name=state.resource_group_name,
            use_azuread_auth=True,
            use_oidc=True if federated else None,
        )
    else:
        LocalBackend(stack, path=str(root / key))


def _in_s3(stack: TerraformStack, state: S3State, key: str) -> None:
    """Encrypted always. Locked by S3 itself: an object beside the state, written only where none is there."""
    elsewhere = state.endpoint is not None  # not AWS: there is nobody to ask for an account or a region
    S3Backend(
        stack,
        bucket=state.bucket,
        key=key,
        region=state.region,
        encrypt=True,
        kms_key_id=state.kms_key_id,
        profile=state.profile,
        endpoints=S3BackendEndpointConfig(s3=state.endpoint) if elsewhere else None,
        use_path_style=elsewhere or None,
        skip_credentials_validation=elsewhere or None,
        skip_metadata_api_check=elsewhere or None,
        skip_region_validation=elsewhere or None,
        skip_requesting_account_id=elsewhere or None,
    )
    # cdktf 0.21 has no argument for it, and without it two applies at once would both write.
    stack.add_override("terraform.backend.s3.use_lockfile", True)
