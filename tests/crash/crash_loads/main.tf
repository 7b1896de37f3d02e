# What the crash test applies: half of it exists in every second generation only, the rest changes with each.
terraform {
  required_providers {
    databricks = {
      source  = "databricks/databricks"
      version = "1.99.0"
    }
  }
}

variable "host" { type = string }
variable "token" {
  type      = string
  sensitive = true
}
variable "generation" { type = number }

provider "databricks" {
  host  = var.host
  token = var.token
}

locals {
  comment = "generation ${var.generation}"
  some    = toset(var.generation % 2 == 0 ? ["a", "b"] : ["a", "b", "c", "d", "e"])
}

resource "databricks_catalog" "main" {
  name          = "crash_terraform"
  comment       = local.comment
  force_destroy = true
}

resource "databricks_schema" "each" {
  for_each      = local.some
  catalog_name  = databricks_catalog.main.name
  name          = each.key
  comment       = local.comment
  force_destroy = true
}

resource "databricks_volume" "each" {
  for_each     = local.some
  catalog_name = databricks_catalog.main.name
  schema_name  = databricks_schema.each[each.key].name
  name         = "v"
  volume_type  = "MANAGED"
  comment      = local.comment
}

resource "databricks_grants" "each" {
  for_each = local.some
  schema   = databricks_schema.each[each.key].id
  grant {
    principal  = databricks_group.each[each.key].display_name
    privileges = var.generation % 3 == 0 ? ["USE_SCHEMA"] : ["SELECT", "USE_SCHEMA"]
  }
}

resource "databricks_registered_model" "each" {
  for_each     = local.some
  catalog_name = databricks_catalog.main.name
  schema_name  = databricks_schema.each[each.key].name
  name         = "m"
  comment      = local.comment
}

resource "databricks_group" "each" {
  for_each     = local.some
  display_name = "crash-terraform-${each.key}"
}

resource "databricks_directory" "main" {
  path = "/Shared/crash-terraform"
}

resource "databricks_workspace_file" "each" {
  for_each       = local.some
  path           = "${databricks_directory.main.path}/${each.key}.txt"
  content_base64 = base64encode("${local.comment} of ${each.key}")
}

resource "databricks_mlflow_experiment" "each" {
  for_each = local.some
  name     = "${databricks_directory.main.path}/experiment-${each.key}"
}

resource "databricks_job" "each" {
  for_each = local.some
  name     = "crash-terraform-${each.key}"
  tags     = { generation = local.comment }
  task {
    task_key = "only"
    spark_python_task {
      python_file = databricks_workspace_file.each[each.key].path
    }
    environment_key = "e"
  }
  environment {
    environment_key = "e"
    spec {
      environment_version = "4"
    }
  }
}

resource "databricks_permissions" "job" {
  for_each = local.some
  job_id   = databricks_job.each[each.key].id
  access_control {
    group_name       = databricks_group.each[each.key].display_name
    permission_level = "CAN_VIEW"
  }
}
