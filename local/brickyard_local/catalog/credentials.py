"""Storage credentials: recorded, granted and bound, but never used, since nothing here calls a cloud.

Their secrets are not kept at all: no API shows them, and no call needs them.
Source: docs.databricks.com/api/workspace/storagecredentials.
Gaps: `databricks_gcp_service_account` (Databricks makes an account at Google): 501.
"""

from collections.abc import Mapping
from typing import Any

from brickyard_local.callers import Caller
from brickyard_local.catalog.authority import allowed
from brickyard_local.catalog.privileges import MANAGE, OWN
from brickyard_local.catalog.securables import EXTERNAL_LOCATION, STORAGE_CREDENTIAL
from brickyard_local.catalog.service import CatalogService
from brickyard_local.catalog.storage_payloads import (
    CreateStorageCredential,
    CredentialKinds,
    UpdateStorageCredential,
    ValidateStorageCredential,
)
from brickyard_local.catalog.urls import storage_url
from brickyard_local.errors import InvalidParameter, InvalidState, NotEmulated, PermissionDenied
from brickyard_local.store import Document

_KINDS = tuple(CredentialKinds.model_fields)
_SECRETS = {"client_secret", "secret_access_key", "private_key"}
# Databricks' own role in commercial AWS. Source: terraform-provider-databricks, aws/constants.go.
_UNITY_CATALOG_ROLE = "arn:aws:iam::414351767826:role/unity-catalog-prod-UCMasterRole-14S5ZJVKOTYTL"
_OPERATIONS = ("LIST", "READ", "WRITE", "DELETE", "PATH_EXISTS")


class CredentialsService:
    """Storage credentials of the account's metastore."""

    def __init__(self, catalog: CatalogService) -> None:
        self._catalog = catalog

    def create(self, caller: Caller, body: CreateStorageCredential) -> Document:
        """Errors: STORAGE_CREDENTIAL_ALREADY_EXISTS, InvalidParameter unless exactly one kind is given."""
        kind = self._identity(body)
        fields = {"isolation_mode": "ISOLATION_MODE_OPEN", "bindings": {}, **kind}
        fields |= _plain(body, "comment", "read_only")
        return self._catalog.create(caller, STORAGE_CREDENTIAL, "", body.name, fields)

    def update(self, caller: Caller, name: str, body: UpdateStorageCredential) -> Document:
        """Errors: as `create`, and as `CatalogService.update`."""
        changes = _plain(body, "comment", "read_only", "owner", "new_name", "isolation_mode")
        if any(getattr(body, kind) is not None for kind in _KINDS):
            changes |= dict.fromkeys(_KINDS) | self._identity(body)
        with self._catalog.storage.change():
            chain = self._catalog.reach(caller, STORAGE_CREDENTIAL, name, MANAGE)
            before: str = chain[-1].document["full_name"]
            changes |= self._catalog.isolating(caller, chain[-1].document, changes)
            document = self._catalog.update(caller, STORAGE_CREDENTIAL, name, changes, clear=_KINDS)
            for location in self._locations(before):
                renamed = {**location, "credential_name": document["full_name"]}
                self._catalog.documents.put(EXTERNAL_LOCATION, renamed)
            return document

    def delete(self, caller: Caller, name: str, *, force: bool) -> None:
        """Errors: InvalidState while external locations use it, unless forced."""
        with self._catalog.storage.change():
            chain = self._catalog.reach(caller, STORAGE_CREDENTIAL, name, MANAGE)
            using = [location["full_name"] for location in self._locations(chain[-1].document["full_name"])]
            if using and not force:
                raise InvalidState(
                    f"Storage Credential '{name}' is used by external locations: {', '.join(using)}. Give them another "
                    "credential or delete them first, or delete with force."
                )
            self._catalog.delete(caller, STORAGE_CREDENTIAL, name)

    def validate(self, caller: Caller, body: ValidateStorageCredential) -> Document:
        """What can be said without a cloud: names, rights and overlaps; each file operation is SKIPped."""
        if body.url is None and body.external_location_name is None:
            raise InvalidParameter("Give `url` or `external_location_name`: what should be validated?")
        if body.storage_credential_name is None:
            _one_kind(body)
        else:
            chain = self._catalog.chain(STORAGE_CREDENTIAL, body.storage_credential_name)
            if not (allowed(caller, chain, OWN) or allowed(caller, chain, "CREATE_EXTERNAL_LOCATION")):
                raise PermissionDenied(
                    f"User does not have CREATE EXTERNAL LOCATION on Storage Credential "
                    f"'{body.storage_credential_name}'. Fix: its owner can grant it."
                )
        if body.url is not None:
            storage_url(body.url)
        else:
            self._catalog.read(caller, EXTERNAL_LOCATION, body.external_location_name or "")
        said = "The local workspace calls no cloud: the credential is recorded, and was not tried."
        return {"results": [{"operation": each, "result": "SKIP", "message": said} for each in _OPERATIONS]}

    def _identity(self, body: CredentialKinds) -> Document:
        """The kind that is given. For a role, what its trust policy is to name: nobody assumes it from here."""
        kind = _one_kind(body)
        if role := kind.get("aws_iam_role"):
            role |= {"external_id": self._catalog.metastore_id, "unity_catalog_iam_arn": _UNITY_CATALOG_ROLE}
        return kind

    def _locations(self, credential: str) -> list[Document]:
        found = self._catalog.documents.children(EXTERNAL_LOCATION)
        return [location for location in found if location["credential_name"] == credential]


def _one_kind(body: CredentialKinds) -> Document:
    given = [kind for kind in _KINDS if getattr(body, kind) is not None]
    if len(given) != 1:
        raise InvalidParameter(
            f"A storage credential has exactly one of {', '.join(_KINDS)}; given: {', '.join(given) or 'none'}."
        )
    if given[0] == "databricks_gcp_service_account":
        raise NotEmulated("`databricks_gcp_service_account` (Databricks makes that account at Google)")
    value = getattr(body, given[0]).model_dump(exclude_none=True, exclude=_SECRETS)
    return {given[0]: value}


def _plain(body: CredentialKinds, *fields: str) -> Document:
    values: Mapping[str, Any] = body.given()
    return {field: values[field] for field in fields if values.get(field) is not None}
