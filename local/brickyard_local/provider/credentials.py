"""Host and token, found as the genuine provider finds them: arguments, environment, configuration file."""

import configparser
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from brickyard_local.provider.client import Api
from brickyard_local.provider.errors import BadProfile, NotConfigured
from brickyard_local.provider.wire.values import Value

_VARIABLES = {
    "host": "DATABRICKS_HOST",
    "token": "DATABRICKS_TOKEN",
    "config_file": "DATABRICKS_CONFIG_FILE",
    "profile": "DATABRICKS_CONFIG_PROFILE",
    "account_id": "DATABRICKS_ACCOUNT_ID",
}


@dataclass(frozen=True, kw_only=True)
class Credentials:
    """What the provider block and the environment say; the file is read only where they leave something out."""

    host: str = ""
    token: str = ""
    config_file: str = ""
    profile: str = ""
    account_id: str = ""

    def __repr__(self) -> str:
        return f"Credentials(host={self.host!r})"  # the token belongs in no log


def credentials_of(config: Mapping[str, Value], environment: Mapping[str, str]) -> Credentials:
    """Arguments first, then the environment. A value which is not known yet counts as absent."""

    def setting(name: str) -> str:
        configured = config.get(name)
        return configured if isinstance(configured, str) and configured else environment.get(_VARIABLES[name], "")

    return Credentials(**{name: setting(name) for name in _VARIABLES})


def connect(credentials: Credentials) -> Api:
    """The client. Errors: ForeignHost, NotConfigured, BadProfile."""
    host, token = credentials.host, credentials.token
    if not (host and token):
        profile = _profile(credentials)
        host, token = host or profile.get("host", ""), token or profile.get("token", "")
    if not host:
        raise NotConfigured("host")
    if not token:
        raise NotConfigured("token")
    return Api(host, token, credentials.account_id)


def _profile(credentials: Credentials) -> Mapping[str, str]:
    is_asked_for = bool(credentials.config_file or credentials.profile)
    path = Path(credentials.config_file or "~/.databrickscfg").expanduser()
    name = credentials.profile or "DEFAULT"
    if not path.exists():
        if is_asked_for:
            raise BadProfile(str(path), "The file does not exist.")
        return {}
    parser = configparser.ConfigParser(interpolation=None)
    try:
        parser.read_string(path.read_text())
    except configparser.Error as error:
        # The parser's own message quotes the line, and the line may hold a token.
        raise BadProfile(str(path), "It is not an INI file.") from error
    if name == "DEFAULT":
        return parser.defaults()
    if not parser.has_section(name):
        raise BadProfile(str(path), f"It has no profile [{name}]; it has {', '.join(parser.sections()) or 'none'}.")
    return dict(parser[name])
