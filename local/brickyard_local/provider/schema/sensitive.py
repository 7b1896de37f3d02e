"""Which attributes are sensitive: the binding does not say, and Terraform would print them.

Dotted names are the end of an attribute's path. `databricks_model_serving` has none: the genuine provider shows
its `*_plaintext` attributes as well, and both have to plan alike.
Source: the genuine provider 1.99.0.
"""

from collections.abc import Mapping

_EVERYWHERE = frozenset({"docker_image.basic_auth.password", "azure_service_principal.client_secret"})
_BY_TYPE: Mapping[str, frozenset[str]] = {
    "databricks": frozenset(
        {
            "azure_client_secret",
            "client_secret",
            "google_credentials",
            "metadata_service_url",
            "password",
            "token",
        }
    ),
    "databricks_azure_blob_mount": frozenset({"token_secret_key"}),
    "databricks_connection": frozenset({"options"}),
    "databricks_custom_app_integration": frozenset({"client_secret"}),
    "databricks_instance_pool": frozenset({"preloaded_docker_image.basic_auth.password"}),
    "databricks_metastore_data_access": frozenset({"gcp_service_account_key.private_key"}),
    "databricks_mws_storage_configurations": frozenset({"account_id"}),
    "databricks_mws_workspaces": frozenset({"account_id", "token.token_value"}),
    "databricks_notification_destination": frozenset(
        {
            "generic_webhook.password",
            "generic_webhook.url",
            "generic_webhook.username",
            "microsoft_teams.app_id",
            "microsoft_teams.auth_secret",
            "microsoft_teams.channel_url",
            "microsoft_teams.tenant_id",
            "microsoft_teams.url",
            "pagerduty.integration_key",
            "slack.channel_id",
            "slack.oauth_token",
            "slack.url",
        }
    ),
    "databricks_obo_token": frozenset({"token_value"}),
    "databricks_provider": frozenset({"recipient_profile_str"}),
    "databricks_recipient": frozenset({"sharing_code"}),
    "databricks_secret": frozenset({"string_value"}),
    "databricks_storage_credential": frozenset(
        {"cloudflare_api_token.secret_access_key", "gcp_service_account_key.private_key"}
    ),
    "databricks_token": frozenset({"token_value"}),
}


def is_sensitive(type_name: str, path: str) -> bool:
    """Whether Terraform hides the value at `path`. The provider's own block is `databricks`.

    >>> is_sensitive("databricks_job", "task.new_cluster.docker_image.basic_auth.password")
    True
    >>> is_sensitive("databricks_job", "name")
    False
    """
    names = _EVERYWHERE | _BY_TYPE.get(type_name, frozenset())
    return any(path == name or path.endswith(f".{name}") for name in names)
