# What the genuine provider makes of SQL. Variables change what can be changed in place.

terraform {
  required_providers {
    databricks = { source = "databricks/databricks" }
  }
}

variable "size" { default = "2X-Small" }
variable "text" { default = "SELECT count(*) AS n FROM range(10)" }

resource "databricks_group" "analysts" {
  display_name = "analysts"
}

resource "databricks_sql_endpoint" "main" {
  name             = "main"
  cluster_size     = var.size
  auto_stop_mins   = 15
  max_num_clusters = 2
  tags {
    custom_tags {
      key   = "team"
      value = "data"
    }
  }
}

resource "databricks_permissions" "main" {
  sql_endpoint_id = databricks_sql_endpoint.main.id
  access_control {
    group_name       = databricks_group.analysts.display_name
    permission_level = "CAN_USE"
  }
}

resource "databricks_query" "counted" {
  warehouse_id = databricks_sql_endpoint.main.id
  display_name = "counted"
  query_text   = var.text
  parent_path  = "/Shared"
  parameter {
    name = "n"
    text_value { value = "1" }
  }
}

resource "databricks_permissions" "counted" {
  sql_query_id = databricks_query.counted.id
  access_control {
    group_name       = databricks_group.analysts.display_name
    permission_level = "CAN_RUN"
  }
}

resource "databricks_alert_v2" "few" {
  display_name = "few"
  query_text   = var.text
  warehouse_id = databricks_sql_endpoint.main.id
  evaluation = {
    source              = { name = "n", aggregation = "SUM" }
    comparison_operator = "LESS_THAN"
    threshold           = { value = { double_value = 5 } }
    empty_result_state  = "OK"
    notification        = { notify_on_ok = true, subscriptions = [{ user_email = "on@call.org" }] }
  }
  schedule = {
    quartz_cron_schedule = "0 0 8 * * ?"
    timezone_id          = "Europe/Amsterdam"
    pause_status         = "PAUSED"
  }
}

resource "databricks_permissions" "few" {
  alert_v2_id = databricks_alert_v2.few.id
  access_control {
    group_name       = databricks_group.analysts.display_name
    permission_level = "CAN_READ"
  }
}

data "databricks_sql_warehouse" "by_name" {
  name       = "main"
  depends_on = [databricks_sql_endpoint.main]
}

data "databricks_sql_warehouses" "all" {
  warehouse_name_contains = "main"
  depends_on              = [databricks_sql_endpoint.main]
}

output "same" {
  value = data.databricks_sql_warehouse.by_name.id == one(data.databricks_sql_warehouses.all.ids)
}
