terraform {
  required_providers {
    databricks = { source = "databricks/databricks" }
  }
}

variable "table" { default = "watched.s.t" }
variable "granularities" {
  type    = list(string)
  default = ["1 day"]
}
variable "cron" { default = "0 0 12 * * ?" }

resource "databricks_quality_monitor" "series" {
  table_name         = var.table
  assets_dir         = "/Workspace/Shared/monitors"
  output_schema_name = "watched.s"
  slicing_exprs      = ["who"]

  time_series {
    timestamp_col = "at"
    granularities = var.granularities
  }

  schedule {
    quartz_cron_expression = var.cron
    timezone_id            = "UTC"
  }

  custom_metrics {
    name             = "total"
    type             = "CUSTOM_METRIC_TYPE_AGGREGATE"
    input_columns    = ["n"]
    definition       = "sum({{input_column}})"
    output_data_type = "double"
  }

  notifications {
    on_failure {
      email_addresses = ["owner@example.com"]
    }
  }
}

output "status" {
  value = databricks_quality_monitor.series.status
}
