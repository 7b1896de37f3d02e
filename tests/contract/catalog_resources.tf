terraform {
  required_providers {
    databricks = { source = "databricks/databricks" }
  }
}
variable "other" {}
variable "comment" { default = "first" }
provider "databricks" {}
data "databricks_current_metastore" "m" {}
resource "databricks_group" "grp" { display_name = "uc-grp" }
resource "databricks_service_principal" "sp" { display_name = "uc-sp" }
resource "databricks_catalog" "c" {
  name           = "dev"
  comment        = var.comment
  properties     = { purpose = "test" }
  isolation_mode = "ISOLATED"
  force_destroy  = true
}
resource "databricks_catalog" "open" {
  name = "plain"
}
resource "databricks_schema" "s" {
  catalog_name = databricks_catalog.c.name
  name         = "ml"
  owner        = "admin@brickyard.local"
  comment      = var.comment
}
resource "databricks_schema" "s2" {
  catalog_name = databricks_catalog.open.name
  name         = "silver"
  properties   = { a = "b" }
}
resource "databricks_volume" "v" {
  catalog_name = databricks_catalog.c.name
  schema_name  = databricks_schema.s.name
  name         = "vol"
  volume_type  = "MANAGED"
  comment      = var.comment
}
resource "databricks_grants" "g" {
  catalog = databricks_catalog.c.name
  grant {
    principal  = databricks_group.grp.display_name
    privileges = ["USE_CATALOG", "USE_SCHEMA", "CREATE_MODEL_VERSION"]
  }
  grant {
    principal  = "admin@brickyard.local"
    privileges = ["MANAGE"]
  }
}
resource "databricks_grant" "sg" {
  schema     = databricks_schema.s2.id
  principal  = databricks_service_principal.sp.application_id
  privileges = ["SELECT", "USE SCHEMA"]
}
resource "databricks_grants" "vg" {
  volume = databricks_volume.v.id
  grant {
    principal  = "account users"
    privileges = ["READ_VOLUME"]
  }
}
resource "databricks_registered_model" "m" {
  catalog_name = databricks_catalog.c.name
  schema_name  = databricks_schema.s.name
  name         = "m"
  comment      = var.comment
  owner        = databricks_service_principal.sp.application_id
}
resource "databricks_grants" "mg" {
  model = databricks_registered_model.m.id
  grant {
    principal  = databricks_group.grp.display_name
    privileges = ["EXECUTE"]
  }
}
resource "databricks_workspace_binding" "wb" {
  securable_name = databricks_catalog.c.name
  securable_type = "catalog"
  workspace_id   = var.other
  binding_type   = "BINDING_TYPE_READ_ONLY"
}
data "databricks_registered_model" "m" {
  full_name       = databricks_registered_model.m.id
  include_aliases = true
}
data "databricks_catalogs" "all" { depends_on = [databricks_catalog.open] }
data "databricks_schemas" "all" {
  catalog_name = databricks_schema.s2.catalog_name
  depends_on   = [databricks_schema.rooted]
}
output "all" { value = [data.databricks_catalogs.all.ids, data.databricks_schemas.all.ids, data.databricks_registered_model.m.model_info] }
resource "databricks_storage_credential" "sc" {
  name    = "lake"
  comment = var.comment
  aws_iam_role { role_arn = "arn:aws:iam::123456789012:role/lake" }
  isolation_mode = "ISOLATION_MODE_ISOLATED"
}
resource "databricks_storage_credential" "azure" {
  name = "azure"
  azure_service_principal {
    directory_id   = "directory"
    application_id = "application"
    client_secret  = "not kept"
  }
}
resource "databricks_external_location" "lake" {
  name            = "lake"
  url             = "s3://lake/root/"
  credential_name = databricks_storage_credential.sc.name
  comment         = var.comment
}
resource "databricks_grants" "lake" {
  external_location = databricks_external_location.lake.id
  grant {
    principal  = databricks_group.grp.display_name
    privileges = ["READ_FILES", "CREATE_EXTERNAL_TABLE"]
  }
}
resource "databricks_grants" "sc" {
  storage_credential = databricks_storage_credential.sc.id
  grant {
    principal  = databricks_group.grp.display_name
    privileges = ["CREATE_EXTERNAL_LOCATION"]
  }
}
resource "databricks_workspace_binding" "sc" {
  securable_name = databricks_storage_credential.sc.name
  securable_type = "storage_credential"
  workspace_id   = var.other
}
resource "databricks_schema" "rooted" {
  catalog_name = databricks_catalog.open.name
  name         = "rooted"
  storage_root = "${databricks_external_location.lake.url}managed"
}
resource "databricks_volume" "external" {
  catalog_name     = databricks_catalog.open.name
  schema_name      = databricks_schema.s2.name
  name             = "external"
  volume_type      = "EXTERNAL"
  storage_location = "${databricks_external_location.lake.url}volumes/external"
}
resource "databricks_entity_tag_assignment" "tag" {
  entity_type = "volumes"
  entity_name = databricks_volume.external.id
  tag_key     = "owner"
  tag_value   = var.comment
}
resource "databricks_entity_tag_assignment" "bare" {
  entity_type = "catalogs"
  entity_name = databricks_catalog.open.name
  tag_key     = "reviewed"
}
data "databricks_external_location" "lake" { name = databricks_external_location.lake.name }
data "databricks_storage_credential" "sc" { name = databricks_storage_credential.sc.name }
