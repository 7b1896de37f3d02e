"""`pipenv run cdktf …`: the pinned cdktf-cli with the settings of the environment that BRICKYARD_ENV names."""

import json
import os
import re
import signal
import subprocess
import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import NoReturn

from brickyard.clone import Clone
from brickyard.errors import BrickyardError, DeployFailed, NotSetUp, NotUp, UnknownEnvironment
from brickyard.protection import protect
from brickyard.release import refuse_unreleased
from brickyard_local import process
from brickyard_stacks.errors import StacksError

_TERRAFORM_VERBS = frozenset({"apply", "deploy", "destroy", "diff", "plan"})
# The shell's own sign-in would win over the profile of `local` and lead Terraform to a real workspace.
_SIGN_IN = ("DATABRICKS_", "ARM_", "GOOGLE_")
# A Terraform whose `up` was killed still applies: the next one waits for its lock instead of failing on it.
_LOCKING = ("TF_CLI_ARGS_plan", "TF_CLI_ARGS_apply", "TF_CLI_ARGS_destroy")
_WAIT_FOR_LOCK = "-lock-timeout=180s"
_CHANGE = re.compile(r"(Creation|Modifications|Destruction) complete")
_RESULT = re.compile(r"(?:Apply|Destroy) complete! Resources: .*")


def main() -> NoReturn:
    """Replace this process by cdktf. Exit status 1 with a sentence when the environment is not ready."""
    arguments = sys.argv[1:]
    try:
        clone = Clone.find()
        environment = settings_of(clone, arguments)
        name, verb = environment.get("BRICKYARD_ENV", ""), _verb(arguments)
        refuse_unreleased(clone, name, verb, environment)
        environment |= protect(clone, name, verb, environment)
        argv = [str(_binary(clone)), *_with_flags(arguments, environment)]
    except (BrickyardError, StacksError) as error:
        print(f"brickyard: {error}", file=sys.stderr)
        sys.exit(getattr(error, "exit_status", 1))
    os.chdir(clone.root)
    os.execve(argv[0], argv, environment)  # noqa: S606 - the program of package-lock.json


def settings_of(clone: Clone, arguments: list[str], given: Mapping[str, str] | None = None) -> dict[str, str]:
    """The environment variables for cdktf; `given` are the shell's. Errors: UnknownEnvironment, NotUp."""
    given = os.environ if given is None else given
    name = given.get("BRICKYARD_ENV", "")
    verb = _verb(arguments)
    if verb in _TERRAFORM_VERBS | {"synth", "list", "output"}:
        _check_environment(clone, name, verb)
    inherited, variables = dict(given), {}
    if name == "local":
        inherited = {key: value for key, value in inherited.items() if not key.startswith(_SIGN_IN)}
        variables = _local_variables(clone, verb)
    return {
        **inherited,
        "PATH": f"{Path(sys.executable).parent}{os.pathsep}{given.get('PATH', '')}",  # `python main.py` is this Python
        "CHECKPOINT_DISABLE": "1",
        "JSII_SILENCE_WARNING_END_OF_LIFE_NODE_VERSION": "20",
        **{name: inherited.get(name, _WAIT_FOR_LOCK) for name in _LOCKING},
        **variables,
    }


def _verb(arguments: list[str]) -> str:
    return next((argument for argument in arguments if not argument.startswith("-")), "")


def _check_environment(clone: Clone, name: str, verb: str) -> None:
    """Errors: UnknownEnvironment, before cdktf starts a Python that would say so in the middle of its output."""
    known = sorted(path.stem for path in (clone.root / "environments").glob("*.yaml"))
    if name in known:
        return
    got = f"There is no environment '{name}'. " if name else ""
    raise UnknownEnvironment(
        f"{got}Name the environment: BRICKYARD_ENV=<name> pipenv run cdktf {verb} … "
        f"(environments/ has: {', '.join(known)})."
    )


def _local_variables(clone: Clone, verb: str) -> dict[str, str]:
    file = clone.state / "local.settings.json"
    needs_workspace = verb in _TERRAFORM_VERBS
    if not file.exists():
        if needs_workspace:
            raise NotUp("The local workspace does not exist yet. `make up` makes it; `brickyard start` makes only it.")
        return {}
    if needs_workspace and process.running(clone.home) is None:
        raise NotUp("The local workspace does not run. Start it: `pipenv run brickyard start`.")
    settings = json.loads(file.read_text())
    return {**settings["variables"], "BRICKYARD_PROVIDER": settings["provider"]}


def _with_flags(arguments: list[str], environment: Mapping[str, str]) -> list[str]:
    """`terraform providers lock` asks the registry even where a mirror or the offline provider serves `local`."""
    is_local = "BRICKYARD_PROVIDER" in environment
    takes_flag = any(argument in _TERRAFORM_VERBS for argument in arguments)
    missing = "--skip-provider-lock" not in arguments
    return [*arguments, "--skip-provider-lock"] if is_local and takes_flag and missing else arguments


def _binary(clone: Clone) -> Path:
    """Errors: NotSetUp."""
    binary = clone.root / "node_modules" / ".bin" / "cdktf"
    if not binary.exists():
        raise NotSetUp("cdktf is not installed in this clone: run `make setup`.")
    return binary


def run_cdktf(clone: Clone, arguments: list[str], say: Callable[[str], None]) -> str:
    """Run cdktf without a terminal; its whole output goes to a log. Returns Terraform's summaries.

    Errors: DeployFailed with the part of the output that says why.
    """
    environment = {**settings_of(clone, arguments), "CI": "1", "FORCE_COLOR": "0", "NO_COLOR": "1"}
    clone.logs.mkdir(parents=True, exist_ok=True)
    log = clone.logs / f"cdktf-{arguments[0]}.log"
    lines: list[str] = []
    changes = 0
    with log.open("w") as file:
        running = subprocess.Popen(
            [str(_binary(clone)), *_with_flags(arguments, environment)],
            cwd=clone.root,
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        try:
            for line in running.stdout or ():
                file.write(line)
                file.flush()
                lines.append(line.rstrip())
                changes += bool(_CHANGE.search(line))
                if line.strip():
                    say(f"{changes} changed · {_plain(line)}")
        except BaseException:
            running.send_signal(signal.SIGINT)
            running.wait()
            raise
    if running.wait():
        raise DeployFailed(f"`cdktf {' '.join(arguments)}` failed:\n{_reason(lines)}\nWhole log: {clone.relative(log)}")
    return "; ".join(match.group(0) for line in lines if (match := _RESULT.search(line)))


def _plain(line: str) -> str:
    return re.sub(r"\x1b\[[0-9;]*m", "", line).strip()


def _reason(lines: list[str]) -> str:
    """From the first error on, at most thirty lines."""
    begin = next((i for i, line in enumerate(lines) if "Error:" in line or "error:" in line), max(0, len(lines) - 30))
    return "\n".join(_plain(line) for line in lines[begin : begin + 30])


if __name__ == "__main__":
    main()
