"""The arguments of `brickyard adopt`."""

import argparse
from collections.abc import Sequence
from typing import Any

from brickyard.clone import Clone
from brickyard.errors import CannotAdopt
from brickyard.screen import Screen

_NEEDED = ("catalog", "stage", "cloud", "region")
_STAGES = ("local", "dev", "staging", "prod")
_CLOUDS = ("local", "aws", "azure", "gcp")


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Everything that no workspace tells is an argument; what it tells is read."""
    parser.add_argument("environment", metavar="ENV")
    parser.add_argument("--check", action="store_true", help="only compare who has access now with before")
    parser.add_argument("--replace", action="store_true", help="overwrite the files that are there")
    parser.add_argument("--no-plan", action="store_true", help="write the import blocks without proving them by a plan")
    parser.add_argument("--catalog", help="the catalog to adopt; without it, the settings that are there are used")
    parser.add_argument("--stage", choices=_STAGES)
    parser.add_argument("--cloud", choices=_CLOUDS)
    parser.add_argument("--region", help="the cloud's own word, such as westeurope")
    parser.add_argument("--profile", help="sign in by a profile of the Databricks configuration file")
    parser.add_argument("--config-file", help="that file, where it is not the usual one")
    parser.add_argument("--host", help="sign in to this host instead, with --auth-type")
    parser.add_argument("--auth-type", choices=("azure-cli", "oauth-m2m", "azure-devops-oidc", "github-oidc"))
    parser.add_argument("--client-id", help="the application id, for all types of sign-in but azure-cli")
    for flag, what in (("--group", "group"), ("--service-principal", "service principal")):
        text = f"which {what} holds a role (several times)"
        parser.add_argument(flag, action="append", default=[], metavar="ROLE=NAME", help=text)
    parser.add_argument("--tag", action="append", default=[], metavar="KEY=VALUE", help="tags of the environment")
    parser.add_argument("--deployer", help="who runs Terraform (default: who is signed in)")
    text = "also write a project of models in the schema `models` (several times)"
    parser.add_argument("--project", action="append", default=[], metavar="NAME=MODEL,…", help=text)
    parser.set_defaults(run=_run, any_environment=True)


def _run(options: argparse.Namespace, clone: Clone, screen: Screen) -> None:
    from brickyard.adopt.adopt import Request, adopt, check

    if options.check:
        check(clone, screen, options.environment)
        return
    request = Request(
        environment=options.environment,
        answers=_answers(options),
        projects={name: models.split(",") for name, models in _pairs("--project", options.project).items()},
        replace=options.replace,
        plan=not options.no_plan,
    )
    adopt(clone, screen, request)


def _answers(options: argparse.Namespace) -> Any:
    from brickyard.adopt.settings import Answers

    if options.catalog is None:
        return None
    if missing := [f"--{name}" for name in _NEEDED if getattr(options, name) is None]:
        raise CannotAdopt(f"With --catalog the settings are written; {', '.join(missing)} must be given too.")
    return Answers(
        environment=options.environment,
        catalog=options.catalog,
        stage=options.stage,
        cloud=options.cloud,
        region=options.region,
        auth=_auth(options),
        groups=_pairs("--group", options.group),
        service_principals=_pairs("--service-principal", options.service_principal),
        tags=_pairs("--tag", options.tag),
        deployer=options.deployer,
    )


def _auth(options: argparse.Namespace) -> dict[str, str]:
    if options.profile:
        file = {"config_file": options.config_file} if options.config_file else {}
        return {"type": "profile", "profile": options.profile, **file}
    if not options.host or not options.auth_type:
        raise CannotAdopt("Say how to sign in: --profile NAME, or --host https://… with --auth-type (and --client-id).")
    client = {"client_id": options.client_id} if options.client_id else {}
    return {"type": options.auth_type, "host": options.host, **client}


def _pairs(flag: str, texts: Sequence[str]) -> dict[str, str]:
    pairs = [text.partition("=") for text in texts]
    if wrong := [text for text, (key, sign, value) in zip(texts, pairs, strict=True) if not (key and sign and value)]:
        raise CannotAdopt(f"{flag} {wrong[0]}: the form is KEY=VALUE.")
    return {key: value for key, _, value in pairs}
