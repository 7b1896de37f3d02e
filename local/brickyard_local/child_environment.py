"""What a child process may keep of the server's environment: nothing of its secrets, nothing of its settings."""

from collections.abc import Collection, Mapping

_INHERITED = frozenset(
    {
        "PATH",
        "HOME",
        "LANG",
        "LC_ALL",
        "LC_CTYPE",
        "TMPDIR",
        "TZ",
        "USER",
        "LOGNAME",
        "HTTP_PROXY",
        "HTTPS_PROXY",
        "ALL_PROXY",
        "SSL_CERT_FILE",
        "SSL_CERT_DIR",
        "REQUESTS_CA_BUNDLE",
        "CURL_CA_BUNDLE",
    }
)
_LOOPBACK = "127.0.0.1,localhost"


def inherited(parent: Mapping[str, str], *, also: Collection[str] = ()) -> dict[str, str]:
    """Names of the machine's own set-up, and those of `also` that are set.

    Loopback is never sent to a proxy, and mlflow reports to nobody.
    """
    kept = {name: value for name, value in parent.items() if name.upper() in _INHERITED or name in also}
    no_proxy = parent.get("NO_PROXY") or parent.get("no_proxy")
    local = f"{no_proxy},{_LOOPBACK}" if no_proxy else _LOOPBACK
    return kept | {
        "NO_PROXY": local,
        "no_proxy": local,
        "PYTHONUNBUFFERED": "1",
        "MLFLOW_DISABLE_TELEMETRY": "true",
        "OMP_WAIT_POLICY": "PASSIVE",  # processes share the cores: spinning threads quadruple a training's time
    }
