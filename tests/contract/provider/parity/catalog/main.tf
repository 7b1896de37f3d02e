variable "step" {
  type    = string
  default = "first"
}

locals {
  later    = var.step != "first"
  replaced = var.step == "replaced"
  comment  = local.later ? "second" : "first"
}

resource "databricks_storage_credential" "lake" {
  name           = local.replaced ? "${var.prefix}_other" : "${var.prefix}_lake"
  comment        = local.comment
  isolation_mode = "ISOLATION_MODE_ISOLATED"
  force_destroy  = true
  aws_iam_role {
    role_arn = "arn:aws:iam::123456789012:role/${local.comment}"
  }
}

resource "databricks_storage_credential" "azure" {
  name            = "${var.prefix}_azure"
  read_only       = true
  skip_validation = true
  owner           = databricks_group.owners.display_name
  azure_managed_identity {
    access_connector_id = "/subscriptions/s/resourceGroups/g/providers/Microsoft.Databricks/accessConnectors/c"
  }
}

resource "databricks_external_location" "lake" {
  name            = "${var.prefix}_lake"
  url             = "s3://${var.prefix}-lake/root/"
  credential_name = databricks_storage_credential.lake.name
  comment         = local.comment
  read_only       = !local.later
  force_update    = true
  force_destroy   = true
}

resource "databricks_group" "owners" {
  display_name = "${var.prefix}-owners"
}

resource "databricks_catalog" "main" {
  name          = var.prefix
  force_destroy = true
}

resource "databricks_schema" "raw" {
  catalog_name  = databricks_catalog.main.name
  name          = "raw"
  force_destroy = true
}

resource "databricks_entity_tag_assignment" "team" {
  entity_type = "schemas"
  entity_name = databricks_schema.raw.id
  tag_key     = local.replaced ? "owner" : "team"
  tag_value   = local.comment
}

resource "databricks_entity_tag_assignment" "flag" {
  entity_type = "catalogs"
  entity_name = databricks_catalog.main.id
  tag_key     = "flag"
}

resource "databricks_sql_endpoint" "main" {
  name             = "${var.prefix}-main"
  cluster_size     = local.later ? "Small" : "2X-Small"
  auto_stop_mins   = local.later ? 0 : 15
  max_num_clusters = 2
  tags {
    custom_tags {
      key   = "team"
      value = local.comment
    }
  }
}

resource "databricks_sql_table" "trips" {
  catalog_name       = databricks_catalog.main.name
  schema_name        = databricks_schema.raw.name
  name               = local.replaced ? "journeys" : "trips"
  table_type         = "MANAGED"
  data_source_format = "DELTA"
  warehouse_id       = databricks_sql_endpoint.main.id
  comment            = local.comment
  properties         = { "team" = local.comment }
  cluster_keys       = local.replaced ? null : ["started"]
  partitions         = local.replaced ? ["vendor"] : null
  column {
    name = "started"
    type = "timestamp"
  }
  column {
    name     = "Distance"
    type     = "DOUBLE"
    comment  = local.comment
    nullable = true
  }
  column {
    name = "vendor"
    type = "string"
  }
}

resource "databricks_sql_table" "long_trips" {
  catalog_name    = databricks_catalog.main.name
  schema_name     = databricks_schema.raw.name
  name            = "long_trips"
  table_type      = "VIEW"
  warehouse_id    = databricks_sql_endpoint.main.id
  view_definition = "SELECT vendor FROM ${databricks_sql_table.trips.id} WHERE Distance > ${local.later ? 20 : 10}"
}

resource "databricks_query" "counted" {
  warehouse_id = databricks_sql_endpoint.main.id
  display_name = "${var.prefix} counted"
  query_text   = "SELECT count(*) AS n FROM range(${local.later ? 20 : 10})"
  description  = local.comment
  parent_path  = local.replaced ? "/Workspace/Shared/${var.prefix}" : "/Shared"
  tags         = ["b", "a"]
  depends_on   = [databricks_directory.folder]
  parameter {
    name  = "n"
    title = local.comment
    text_value { value = "1" }
  }
  parameter {
    name = "day"
    date_value { date_value = "2026-01-01" }
  }
}

resource "databricks_directory" "folder" {
  path = "/Shared/${var.prefix}"
}

resource "databricks_alert_v2" "few" {
  display_name       = "${var.prefix} few"
  query_text         = "SELECT 1 AS n"
  warehouse_id       = databricks_sql_endpoint.main.id
  custom_description = local.comment
  evaluation = {
    source              = { name = "n", aggregation = "SUM" }
    comparison_operator = "LESS_THAN"
    threshold           = { value = { double_value = local.later ? 6.5 : 5 } }
    empty_result_state  = "OK"
    notification = {
      notify_on_ok  = !local.later
      subscriptions = [{ user_email = "on@call.org" }, { user_email = "b@call.org" }]
    }
  }
  schedule = {
    quartz_cron_schedule = "0 0 8 * * ?"
    timezone_id          = "Europe/Amsterdam"
    pause_status         = local.later ? "UNPAUSED" : "PAUSED"
  }
}

resource "databricks_sql_table" "rides" {
  catalog_name       = databricks_catalog.main.name
  schema_name        = databricks_schema.raw.name
  name               = "rides"
  table_type         = "MANAGED"
  data_source_format = "DELTA"
  warehouse_id       = databricks_sql_endpoint.main.id
  column {
    name = "started"
    type = "timestamp"
  }
  column {
    name = "vendor"
    type = "string"
  }
}

resource "databricks_quality_monitor" "rides" {
  table_name         = databricks_sql_table.rides.id
  assets_dir         = "/Shared/${var.prefix}"
  output_schema_name = databricks_schema.raw.id
  slicing_exprs      = local.later ? ["vendor"] : null
  time_series {
    granularities = ["1 day"]
    timestamp_col = "started"
  }
  schedule {
    quartz_cron_expression = "0 0 ${local.later ? 6 : 5} * * ?"
    timezone_id            = "UTC"
  }
  notifications {
    on_failure {
      email_addresses = ["on@call.org"]
    }
  }
}

resource "databricks_sql_table" "stops" {
  catalog_name       = databricks_catalog.main.name
  schema_name        = databricks_schema.raw.name
  name               = "stops"
  table_type         = "MANAGED"
  data_source_format = "DELTA"
  warehouse_id       = databricks_sql_endpoint.main.id
  column {
    name = "vendor"
    type = "string"
  }
}

resource "databricks_data_quality_monitor" "stops" {
  object_type = "table"
  object_id   = databricks_sql_table.stops.table_id
  data_profiling_config = {
    assets_dir             = "/Shared/${var.prefix}"
    output_schema_id       = databricks_schema.raw.schema_id
    skip_builtin_dashboard = true
    slicing_exprs          = local.later ? ["vendor"] : null
    snapshot               = {}
  }
}

resource "databricks_registered_model" "model" {
  catalog_name = databricks_catalog.main.name
  schema_name  = databricks_schema.raw.name
  name         = "model"
}

data "databricks_catalog" "main" {
  name       = databricks_catalog.main.name
  depends_on = [databricks_entity_tag_assignment.flag]
}

data "databricks_catalogs" "all" {
  depends_on = [databricks_catalog.main]
}

data "databricks_schemas" "all" {
  catalog_name = databricks_schema.raw.catalog_name
}

data "databricks_tables" "all" {
  catalog_name = databricks_catalog.main.name
  schema_name  = databricks_schema.raw.name
  depends_on   = [databricks_sql_table.rides, databricks_sql_table.stops, databricks_sql_table.long_trips]
}

data "databricks_sql_warehouse" "by_name" {
  name       = databricks_sql_endpoint.main.name
  depends_on = [databricks_sql_endpoint.main]
}

data "databricks_sql_warehouses" "all" {
  warehouse_name_contains = upper(var.prefix)
  depends_on              = [databricks_sql_endpoint.main]
}

data "databricks_storage_credential" "azure" {
  name       = databricks_storage_credential.azure.name
  depends_on = [databricks_storage_credential.azure]
}

data "databricks_external_location" "lake" {
  name       = databricks_external_location.lake.name
  depends_on = [databricks_external_location.lake]
}

data "databricks_registered_model_versions" "none" {
  full_name = databricks_registered_model.model.id
}

output "found" {
  sensitive = true
  value = [
    data.databricks_catalog.main,
    # Others make catalogs in the same metastore.
    [for name in data.databricks_catalogs.all.ids : name if name == var.prefix],
    data.databricks_schemas.all,
    [for name in data.databricks_tables.all.ids : name if !endswith(name, "_metrics")],
    data.databricks_sql_warehouse.by_name,
    length(data.databricks_sql_warehouses.all.ids),
    data.databricks_storage_credential.azure,
    data.databricks_external_location.lake,
    data.databricks_registered_model_versions.none,
  ]
}
