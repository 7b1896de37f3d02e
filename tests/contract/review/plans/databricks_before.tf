resource "databricks_catalog" "sales" {
  name           = "${var.prefix}_sales"
  isolation_mode = "ISOLATED"
  force_destroy  = false
}

resource "databricks_schema" "gold" {
  catalog_name  = databricks_catalog.sales.name
  name          = "gold"
  force_destroy = true
}

resource "databricks_schema" "silver" {
  catalog_name  = databricks_catalog.sales.name
  name          = "silver"
  force_destroy = true
}

resource "databricks_volume" "landing" {
  catalog_name = databricks_catalog.sales.name
  schema_name  = databricks_schema.silver.name
  name         = "landing"
  volume_type  = "MANAGED"
}

resource "databricks_registered_model" "churn" {
  catalog_name = databricks_catalog.sales.name
  schema_name  = databricks_schema.silver.name
  name         = "churn"
}

resource "databricks_group" "analysts" {
  display_name = "${var.prefix}-analysts"
}

resource "databricks_service_principal" "nightly" {
  display_name = "${var.prefix}-nightly"
}

resource "databricks_service_principal" "interactive" {
  display_name = "${var.prefix}-interactive"
}

resource "databricks_group_member" "nightly" {
  group_id  = databricks_group.analysts.id
  member_id = databricks_service_principal.nightly.id
}

resource "databricks_grants" "sales" {
  catalog = databricks_catalog.sales.name
  grant {
    principal  = databricks_group.analysts.display_name
    privileges = ["USE_CATALOG", "USE_SCHEMA", "SELECT"]
  }
  grant {
    principal  = databricks_service_principal.nightly.application_id
    privileges = ["USE_CATALOG", "USE_SCHEMA", "SELECT", "MODIFY"]
  }
}

resource "databricks_grants" "silver" {
  schema = databricks_schema.silver.id
  grant {
    principal  = databricks_group.analysts.display_name
    privileges = ["SELECT", "EXECUTE"]
  }
}

resource "databricks_job" "train" {
  name                = "${var.prefix}-train"
  max_concurrent_runs = 1
  run_as {
    service_principal_name = databricks_service_principal.nightly.application_id
  }
  schedule {
    quartz_cron_expression = "0 0 5 * * ?"
    timezone_id            = "Europe/Berlin"
    pause_status           = "UNPAUSED"
  }
  environment {
    environment_key = "default"
    spec {
      environment_version = "4"
    }
  }
  task {
    task_key        = "train"
    environment_key = "default"
    timeout_seconds = 3600
    python_wheel_task {
      package_name = "churn"
      entry_point  = "train"
      parameters   = ["--table", "${databricks_schema.silver.id}.customers"]
    }
  }
}

resource "databricks_permissions" "train" {
  job_id = databricks_job.train.id
  access_control {
    group_name       = databricks_group.analysts.display_name
    permission_level = "CAN_VIEW"
  }
}

resource "databricks_sql_endpoint" "bi" {
  name                      = "${var.prefix}-bi"
  cluster_size              = "Small"
  max_num_clusters          = 1
  auto_stop_mins            = 10
  enable_serverless_compute = true
}

resource "databricks_directory" "notes" {
  path = "/Shared/${var.prefix}-notes"
}

resource "databricks_directory" "old" {
  path = "/Shared/${var.prefix}-old"
}

resource "databricks_directory" "kept" {
  path = "/Shared/${var.prefix}-kept"
}
