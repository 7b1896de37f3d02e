"""Where in Postgres the rows of a synced table are."""

from brickyard_local.databases.naming import OnlineTable
from brickyard_local.store import Document


def place(synced: Document) -> OnlineTable:
    """Instances are told apart by their uid: a name may be given again."""
    return OnlineTable(
        instance=synced["instance_uid"], database=synced["database"], schema=synced["schema"], name=synced["table"]
    )
