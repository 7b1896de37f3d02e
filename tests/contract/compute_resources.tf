# What the genuine provider makes of policies, clusters and secrets; applied by test_compute_terraform.py.

terraform {
  required_providers {
    databricks = { source = "databricks/databricks" }
  }
}

variable "workers" {
  default = 1
}

variable "wheels" {
  type    = list(string)
  default = []
}

data "databricks_spark_version" "lts" {
  long_term_support = true
}

data "databricks_node_type" "smallest" {
  local_disk = true
  min_cores  = 4
}

resource "databricks_group" "team" {
  display_name = "team"
}

resource "databricks_cluster_policy" "team" {
  name                  = "team policy"
  description           = "up to ${var.workers + 1} workers"
  max_clusters_per_user = 2
  definition = jsonencode({
    "spark_version" : { "type" : "fixed", "value" : data.databricks_spark_version.lts.id },
    "num_workers" : { "type" : "range", "minValue" : 1, "maxValue" : var.workers + 1 },
    "custom_tags.team" : { "type" : "fixed", "value" : "ml" },
    "autotermination_minutes" : { "type" : "range", "minValue" : 10, "maxValue" : 60, "defaultValue" : 20 },
  })
}

resource "databricks_cluster" "shared" {
  cluster_name            = "shared"
  spark_version           = data.databricks_spark_version.lts.id
  node_type_id            = data.databricks_node_type.smallest.id
  num_workers             = var.workers
  autotermination_minutes = 20
  policy_id               = databricks_cluster_policy.team.id
  data_security_mode      = "USER_ISOLATION"
  is_pinned               = true
  custom_tags             = { team = "ml" }
  spark_env_vars          = { TOKEN = databricks_secret.token.config_reference, WORKERS = var.workers }

  dynamic "library" {
    for_each = var.wheels
    content {
      whl = library.value
    }
  }
}

resource "databricks_cluster" "single" {
  cluster_name            = "single"
  spark_version           = data.databricks_spark_version.lts.id
  node_type_id            = "i3.xlarge"
  autotermination_minutes = 30
  is_single_node          = true
  kind                    = "CLASSIC_PREVIEW"
  aws_attributes {
    availability = "SPOT_WITH_FALLBACK"
  }
}

resource "databricks_cluster" "elastic" {
  cluster_name  = "elastic"
  spark_version = data.databricks_spark_version.lts.id
  node_type_id  = "i3.xlarge"
  autoscale {
    min_workers = 1
    max_workers = var.workers + 3
  }
}

resource "databricks_permissions" "policy" {
  cluster_policy_id = databricks_cluster_policy.team.id
  access_control {
    group_name       = databricks_group.team.display_name
    permission_level = "CAN_USE"
  }
}

resource "databricks_permissions" "cluster" {
  cluster_id = databricks_cluster.shared.id
  access_control {
    group_name       = databricks_group.team.display_name
    permission_level = "CAN_RESTART"
  }
}

resource "databricks_secret_scope" "team" {
  name = "team"
}

resource "databricks_secret" "token" {
  scope        = databricks_secret_scope.team.name
  key          = "token"
  string_value = "workers-${var.workers}"
}

resource "databricks_secret_acl" "team" {
  scope      = databricks_secret_scope.team.name
  principal  = databricks_group.team.display_name
  permission = "READ"
}

data "databricks_cluster_policy" "team" {
  name       = databricks_cluster_policy.team.name
  depends_on = [databricks_cluster_policy.team]
}

data "databricks_clusters" "pinned" {
  filter_by {
    is_pinned = true
  }
  depends_on = [databricks_cluster.shared]
}

data "databricks_cluster" "shared" {
  cluster_id = databricks_cluster.shared.id
}

output "policy" {
  value = data.databricks_cluster_policy.team.id
}

output "pinned" {
  value = data.databricks_clusters.pinned.ids
}

output "name" {
  value = data.databricks_cluster.shared.cluster_name
}
