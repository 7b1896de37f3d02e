"""What the command refuses, each with the fix in its message."""

import re


def in_one_line(error: BaseException) -> str:
    r"""What was said, without the configuration that databricks-sdk adds.

    >>> in_one_line(ValueError("no such\nthing. Config: host=https://example.com, token=***"))
    'no such thing.'
    """
    text = re.sub(r"\s*Config: host=.*", "", str(error), flags=re.DOTALL)
    return " ".join(text.split()) or type(error).__name__


class BrickyardError(Exception):
    """Base of what the command reports in one sentence; `exit_status` is what the shell sees."""

    exit_status = 1


class NotThisFolder(BrickyardError):
    """Raised when the command runs outside a Brickyard clone."""


class AlreadyUnderWay(BrickyardError):
    """Raised when another `up` or `down` of this clone has not ended."""


class DeployFailed(BrickyardError):
    """Raised when cdktf or Terraform ends with an error."""


class InvalidProject(BrickyardError):
    """Raised when a project's workflow block cannot run: found before anything is deployed."""


class JobFailed(BrickyardError):
    """Raised when the ML job does not end in success."""


class EndpointSilent(BrickyardError):
    """Raised when the endpoint does not answer as a served model must."""


class ProviderSwitch(BrickyardError):
    """Raised when the state was made by one provider and another one is asked for."""


class NoTerraform(BrickyardError):
    """Raised when Terraform cannot be started."""


class NotSetUp(BrickyardError):
    """Raised when the tools of this clone are not installed."""


class UnknownEnvironment(BrickyardError):
    """Raised when a command of cdktf names no environment, or one that does not exist."""


class NotUp(BrickyardError):
    """Raised when something needs the local workspace and it does not run."""


class NoSuchStep(BrickyardError):
    """Raised when no deployed task, or more than one, has the name that was asked for."""


class StaleState(BrickyardError):
    """Raised when the Terraform state describes a local account that is gone."""


class NotConfirmed(BrickyardError):
    """Raised when something would be lost and nobody has agreed to it."""


class CannotRemove(BrickyardError):
    """Raised when files stay that should be gone."""


class UnknownLog(BrickyardError):
    """Raised when what was asked for has written no log."""


class InvalidWorkspace(BrickyardError):
    """Raised when a workspace is asked for by what is no name or no port."""


class CannotSignIn(BrickyardError):
    """Raised when databricks-sdk finds no sign-in for the workspace of an environment."""


class CannotAdopt(BrickyardError):
    """Raised when a workspace cannot be written down as settings, or a file would be overwritten."""


class AccessLost(BrickyardError):
    """Raised when somebody may do less than before."""

    exit_status = 2


class WrongSettings(BrickyardError):
    """Raised when settings files are wrong; what is wrong has been shown."""


class UnknownPrincipal(BrickyardError):
    """Raised when a principal is asked about that the workspace does not have."""


class AfterApplyFailed(BrickyardError):
    """Raised when what Terraform has no field for cannot be done after it."""


class CannotRollBack(BrickyardError):
    """Raised when a model cannot go back to an earlier version, or an endpoint does not follow."""


class SandboxTaken(BrickyardError):
    """Raised when a sandbox's name is somebody else's."""


class UnknownSandbox(BrickyardError):
    """Raised when there is no such sandbox, or may not be one."""


class NotReleased(BrickyardError):
    """Raised when production would be deployed from what no commit says."""


class WouldDestroy(BrickyardError):
    """Raised when an apply would delete what holds data, where that is protected."""


class CannotBootstrap(BrickyardError):
    """Raised when what must exist before the first plan cannot be made, or looked at."""


class InvalidSimulation(BrickyardError):
    """Raised when a simulation is asked for that the project's source, or an earlier call, does not allow."""


class CannotPlan(BrickyardError):
    """Raised when a plan cannot be made that somebody may approve."""


class NoPlanKey(BrickyardError):
    """Raised when saved plans cannot be sealed or opened, for want of a key."""


class BundleRefused(BrickyardError):
    """Raised when a plan bundle is not what was approved, or not of what is there now."""


class WrongReleaseSettings(BrickyardError):
    """Raised when the pipelines' settings do not fit the environments."""
