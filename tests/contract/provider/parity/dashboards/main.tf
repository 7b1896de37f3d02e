variable "step" {
  type    = string
  default = "first"
}

locals {
  later    = var.step != "first"
  replaced = var.step == "replaced"
  query    = local.later ? "SELECT 2 AS n" : "SELECT 1 AS n"
}

resource "databricks_sql_endpoint" "shared" {
  name         = "${var.prefix}-shared"
  cluster_size = "2X-Small"
}

resource "databricks_group" "readers" {
  display_name = "${var.prefix}-readers"
  lifecycle {
    ignore_changes = [workspace_access, databricks_sql_access, allow_cluster_create]
  }
}

resource "databricks_dashboard" "inline" {
  display_name      = local.later ? "Quality, again" : "Quality"
  parent_path       = local.replaced ? "/Shared/${var.prefix}/other" : "/Workspace/Shared/${var.prefix}"
  warehouse_id      = databricks_sql_endpoint.shared.id
  embed_credentials = false
  serialized_dashboard = jsonencode({
    datasets = [{ name = "n", displayName = "n", queryLines = [local.query] }]
    pages    = [{ name = "first", displayName = "First", layout = [] }]
  })
}

resource "databricks_dashboard" "from_file" {
  display_name = "${var.prefix} from a file"
  parent_path  = "/Shared"
  warehouse_id = databricks_sql_endpoint.shared.id
  file_path    = "${path.module}/empty.lvdash.json"
}

resource "databricks_permissions" "inline" {
  dashboard_id = databricks_dashboard.inline.id
  access_control {
    group_name       = databricks_group.readers.display_name
    permission_level = local.later ? "CAN_RUN" : "CAN_READ"
  }
}
