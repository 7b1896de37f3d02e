"""Short-lived tokens that stand for the password of a database instance, and what they let their holder read.

With claims a token reads exactly the synced tables that they name, each of which its holder may SELECT, when the token
is made and again at every login. Without claims it reads what its holder manages: all of an instance, or nothing.
Source: docs.databricks.com/api/workspace/database/generatedatabasecredential;
docs.databricks.com/aws/en/oltp/instances/authentication (an hour; the user is the principal's own name).
Gap: a credential is for one instance: 501 for several, which share one address here.
"""

import secrets
import time
from collections.abc import Iterable
from dataclasses import dataclass

from brickyard_local.account import token_digest
from brickyard_local.callers import Caller
from brickyard_local.databases.instances import OBJECT_TYPE, InstancesService
from brickyard_local.databases.needs import CallerOf, Permissions, SyncedSecurables
from brickyard_local.databases.payloads import CredentialBody
from brickyard_local.databases.records import Records
from brickyard_local.errors import ApiError, InvalidParameter, NotEmulated, NotFound
from brickyard_local.store import Document

_LIFETIME_S = 3600


@dataclass(frozen=True, kw_only=True, slots=True)
class Reach:
    """What a login may read: these synced tables of an instance, or with None all of them."""

    instance: Document
    tables: tuple[Document, ...] | None


class CredentialsService:
    """Makes tokens, and says what they open."""

    def __init__(
        self,
        records: Records,
        instances: InstancesService,
        securables: SyncedSecurables,
        permissions: Permissions,
        admitted: CallerOf,
    ) -> None:
        self._records = records
        self._instances = instances
        self._securables = securables
        self._permissions = permissions
        self._admitted = admitted

    def generate(self, caller: Caller, body: CredentialBody) -> tuple[str, float]:
        """A token, and when it expires, in seconds since the epoch.

        Errors: InvalidParameter, NotEmulated, NotFound, PermissionDenied for a table that the caller may not SELECT.
        """
        tables = self._claimed(caller, body)
        named = {self._instances.get(caller, name)["uid"] for name in body.instance_names}
        uids = named or {each["instance_uid"] for each in tables or ()}
        if not uids:
            raise InvalidParameter("Name at least one instance in instance_names, or one table in claims.")
        if len(uids) > 1:
            raise NotEmulated("credentials for several database instances at once; ask for one each")
        elsewhere = [each["full_name"] for each in tables or () if each["instance_uid"] not in uids]
        if elsewhere:
            raise InvalidParameter(f"claims name {', '.join(elsewhere)}, which are not on {body.instance_names[0]}.")
        token, expires_at = f"db{secrets.token_urlsafe(48)}", time.time() + _LIFETIME_S
        self._records.keep_credential(
            {
                "digest": token_digest(token),
                "principal": caller.principal,
                "workspace_id": caller.workspace.workspace_id,
                "instance_uid": next(iter(uids)),
                "tables": None if tables is None else [each["table_id"] for each in tables],
                "expires_at": expires_at,
            }
        )
        return token, expires_at

    def login(self, user: str, token: str) -> Reach | None:
        """What the token opens for this user now; None for a token that is none of this user's."""
        known = self._records.credential(token_digest(token))
        if known is None or known["principal"] != user:
            return None
        try:
            caller = self._admitted(known["workspace_id"], user)
        except ApiError:  # deleted, inactive or shown out since
            return None
        instance = self._records.instance_of(known["workspace_id"], known["instance_uid"])
        if instance is None:
            return None
        if known["tables"] is not None:
            return Reach(instance=instance, tables=tuple(self._still_readable(caller, known["tables"])))
        manages = self._permissions.holds(caller, OBJECT_TYPE, instance["name"], "CAN_MANAGE")
        return Reach(instance=instance, tables=None if manages else ())

    def _claimed(self, caller: Caller, body: CredentialBody) -> list[Document] | None:
        if not body.claims:
            return None
        names = []
        for claim in body.claims:
            if claim.permission_set != "READ_ONLY" or not claim.resources:
                raise InvalidParameter("A claim has the permission_set READ_ONLY and at least one of resources.")
            for resource in claim.resources:
                if not resource.table_name:
                    raise NotEmulated("claims on other resources than tables; name each by `table_name`")
                names.append(resource.table_name)
        return [self._readable(caller, name) for name in names]

    def _readable(self, caller: Caller, name: str) -> Document:
        table = self._securables.require(caller, name, "SELECT")
        synced = self._records.synced(table["full_name"])
        if synced is None or synced["workspace_id"] != caller.workspace.workspace_id:
            raise NotFound(f"'{name}' is no synced table of this workspace: a claim names synced tables.")
        return synced

    def _still_readable(self, caller: Caller, table_ids: Iterable[str]) -> Iterable[Document]:
        known = {each["table_id"]: each for each in self._records.synced_tables()}
        for table_id in table_ids:
            synced = known.get(table_id)
            if synced is None:
                continue
            try:
                self._securables.require(caller, synced["full_name"], "SELECT")
            except ApiError:  # revoked since
                continue
            yield synced
