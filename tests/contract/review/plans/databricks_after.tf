# What a dangerous release looks like: each line that differs from databricks_before.tf is for a rule.
resource "databricks_catalog" "sales" {
  name           = "${var.prefix}_sales"
  isolation_mode = "OPEN"
  force_destroy  = true
}

resource "databricks_schema" "silver" {
  catalog_name  = databricks_catalog.sales.name
  name          = "silver_v2"
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
  display_name         = "${var.prefix}-analysts"
  allow_cluster_create = true
}

resource "databricks_service_principal" "nightly" {
  display_name = "${var.prefix}-nightly"
}

resource "databricks_service_principal" "interactive" {
  display_name = "${var.prefix}-interactive"
}

resource "databricks_grants" "sales" {
  catalog = databricks_catalog.sales.name
  grant {
    principal  = databricks_group.analysts.display_name
    privileges = ["USE_CATALOG", "USE_SCHEMA"]
  }
  grant {
    principal  = databricks_service_principal.interactive.application_id
    privileges = ["ALL_PRIVILEGES"]
  }
  grant {
    principal  = "account users"
    privileges = ["USE_CATALOG", "SELECT"]
  }
}

resource "databricks_job" "churn_training" {
  name                = "${var.prefix}-train"
  max_concurrent_runs = 4
  run_as {
    service_principal_name = databricks_service_principal.interactive.application_id
  }
  schedule {
    quartz_cron_expression = "0 0 5 * * ?"
    timezone_id            = "Europe/Berlin"
    pause_status           = "PAUSED"
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
    timeout_seconds = 60
    python_wheel_task {
      package_name = "churn"
      entry_point  = "train"
      parameters   = ["--password", var.password]
    }
  }
}

moved {
  from = databricks_job.train
  to   = databricks_job.churn_training
}

resource "databricks_permissions" "train" {
  job_id = databricks_job.churn_training.id
  access_control {
    group_name       = databricks_group.analysts.display_name
    permission_level = "CAN_MANAGE"
  }
}

resource "databricks_sql_endpoint" "bi" {
  name                      = "${var.prefix}-bi"
  cluster_size              = "Large"
  max_num_clusters          = 4
  auto_stop_mins            = 0
  enable_serverless_compute = true
}

resource "databricks_permissions" "other" {
  sql_endpoint_id = var.other_warehouse
  access_control {
    group_name       = databricks_group.analysts.display_name
    permission_level = "CAN_USE"
  }
}

removed {
  from = databricks_directory.old
  lifecycle {
    destroy = false
  }
}

resource "databricks_directory" "kept" {
  path = "/Shared/${var.prefix}-kept"
}

resource "databricks_directory" "adopted" {
  path = "/Shared/${var.prefix}-adopted"
}

import {
  to = databricks_directory.adopted
  id = "/Shared/${var.prefix}-adopted"
}

data "databricks_group" "admins" {
  display_name = "admins"
}

resource "databricks_group_member" "admin" {
  group_id  = data.databricks_group.admins.id
  member_id = databricks_service_principal.interactive.id
}

resource "databricks_sql_endpoint" "taken" {
  name                      = "${var.prefix}-other"
  cluster_size              = "Large"
  max_num_clusters          = 1
  enable_serverless_compute = true
}

import {
  to = databricks_sql_endpoint.taken
  id = var.other_warehouse
}

output "connection" {
  value     = "postgres://app:${var.password}@db/sales"
  sensitive = true
}
