variable "step" {
  type    = string
  default = "first"
}

locals {
  later   = var.step != "first"
  stopped = var.step == "stopped"
}

resource "databricks_service_principal" "robot" {
  display_name = "${var.prefix}-robot"
}

resource "databricks_database_instance" "plain" {
  name            = "${var.prefix}-plain"
  purge_on_delete = true
}

resource "databricks_database_instance" "store" {
  name                        = "${var.prefix}-store"
  capacity                    = local.later ? "CU_2" : "CU_1"
  node_count                  = local.later ? 2 : 1
  enable_readable_secondaries = local.later
  retention_window_in_days    = local.later ? 14 : 7
  enable_pg_native_login      = false
  stopped                     = local.stopped
  custom_tags                 = local.later ? [{ key = "team", value = "ml" }, { key = "stage", value = "dev" }] : [{ key = "team", value = "ml" }]
  purge_on_delete             = true
}

resource "databricks_permissions" "store" {
  database_instance_name = databricks_database_instance.store.name
  access_control {
    service_principal_name = databricks_service_principal.robot.application_id
    permission_level       = local.later ? "CAN_MANAGE" : "CAN_USE"
  }
}
