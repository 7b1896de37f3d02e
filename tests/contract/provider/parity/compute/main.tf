variable "step" {
  type    = string
  default = "first"
}

locals {
  later    = var.step != "first"
  replaced = var.step == "replaced"
  comment  = local.later ? "second" : "first"
}

# Which Scala is meant where none is named differs between versions of the provider.
data "databricks_spark_version" "lts" {
  long_term_support = true
  scala             = "2.1"
}

data "databricks_node_type" "smallest" {
  local_disk = true
  min_cores  = 4
}

resource "databricks_cluster_policy" "team" {
  name                  = "${var.prefix} team"
  description           = local.comment
  max_clusters_per_user = 2
  definition = jsonencode({
    "num_workers" : { "type" : "range", "minValue" : 1, "maxValue" : local.later ? 3 : 2 },
  })
}

resource "databricks_cluster_policy" "packages" {
  name       = "${var.prefix} packages"
  definition = " {} "
  libraries {
    pypi {
      package = "numpy==2.0.0"
    }
  }
}

resource "databricks_instance_pool" "warm" {
  instance_pool_name                    = "${var.prefix}-warm-${local.comment}"
  node_type_id                          = local.replaced ? "m5d.large" : "i3.xlarge"
  min_idle_instances                    = local.later ? 1 : 0
  max_capacity                          = 4
  idle_instance_autotermination_minutes = 10
  custom_tags                           = { team = local.comment }
  aws_attributes {
    zone_id = "auto"
  }
}

resource "databricks_cluster" "shared" {
  cluster_name            = "${var.prefix}-shared-${local.comment}"
  spark_version           = data.databricks_spark_version.lts.id
  node_type_id            = data.databricks_node_type.smallest.id
  num_workers             = local.later ? 2 : 1
  autotermination_minutes = 20
  policy_id               = databricks_cluster_policy.team.id
  data_security_mode      = "USER_ISOLATION"
  is_pinned               = !local.replaced
  custom_tags             = { team = "ml" }
  spark_env_vars          = { STEP = local.comment }
  idempotency_token       = local.replaced ? "b-${var.prefix}" : "a-${var.prefix}"
  workload_type {
    clients {
      notebooks = false
    }
  }
}

resource "databricks_cluster" "elastic" {
  cluster_name  = "${var.prefix}-elastic"
  spark_version = data.databricks_spark_version.lts.id
  node_type_id  = "i3.xlarge"
  autoscale {
    min_workers = 1
    max_workers = local.later ? 5 : 4
  }
  aws_attributes {
    availability = "SPOT_WITH_FALLBACK"
  }
}

resource "databricks_library" "package" {
  cluster_id = databricks_cluster.elastic.id
  pypi {
    package = local.replaced ? "pip" : "setuptools"
  }
}

resource "databricks_notification_destination" "mail" {
  display_name = "${var.prefix} mail ${local.comment}"
  config {
    email {
      addresses = local.later ? ["on@call.org", "b@call.org"] : ["on@call.org"]
    }
  }
}

resource "databricks_notification_destination" "chat" {
  display_name = "${var.prefix} chat"
  config {
    dynamic "slack" {
      for_each = local.replaced ? [] : ["https://hooks.example.org/${local.comment}"]
      content {
        url = slack.value
      }
    }
    dynamic "generic_webhook" {
      for_each = local.replaced ? ["https://hooks.example.org/web"] : []
      content {
        url      = generic_webhook.value
        password = "hidden"
      }
    }
  }
}

resource "databricks_job" "training" {
  name = "${var.prefix}-training"
  job_cluster {
    job_cluster_key = "shared"
    new_cluster {
      spark_version      = data.databricks_spark_version.lts.id
      node_type_id       = "i3.xlarge"
      num_workers        = local.later ? 2 : 1
      data_security_mode = "SINGLE_USER"
      policy_id          = databricks_cluster_policy.team.id
      custom_tags        = { team = local.comment }
    }
  }
  task {
    task_key = "a_own"
    new_cluster {
      spark_version = data.databricks_spark_version.lts.id
      node_type_id  = "i3.xlarge"
      spark_conf = {
        "spark.databricks.cluster.profile" = "singleNode"
        "spark.master"                     = "local[*]"
      }
      custom_tags = { ResourceClass = "SingleNode" }
    }
    library {
      pypi {
        package = "setuptools"
      }
    }
    spark_python_task {
      python_file = "/Workspace/Shared/${var.prefix}.py"
    }
  }
  task {
    task_key        = "b_shared"
    job_cluster_key = "shared"
    spark_python_task {
      python_file = "/Workspace/Shared/${var.prefix}.py"
    }
  }
}

resource "databricks_permissions" "pool" {
  instance_pool_id = databricks_instance_pool.warm.id
  access_control {
    group_name       = databricks_group.team.display_name
    permission_level = "CAN_ATTACH_TO"
  }
}

resource "databricks_group" "team" {
  display_name = "${var.prefix}-team"
}

data "databricks_cluster_policy" "team" {
  name       = databricks_cluster_policy.team.name
  depends_on = [databricks_cluster_policy.team]
}

data "databricks_jobs" "training" {
  job_name_contains = var.prefix
  depends_on        = [databricks_job.training]
}

data "databricks_node_type" "memory" {
  min_memory_gb = 32
  gb_per_core   = 4
}

data "databricks_node_type" "gpu" {
  min_gpus = 1
}

data "databricks_node_type" "arm" {
  graviton = true
}

data "databricks_spark_version" "latest" {
  scala = "2.1"
}

data "databricks_spark_version" "ml" {
  ml                = true
  long_term_support = true
  scala             = "2.1"
}

data "databricks_current_config" "this" {}

output "found" {
  value = [
    data.databricks_cluster_policy.team,
    data.databricks_jobs.training,
    data.databricks_node_type.arm.id,
    data.databricks_node_type.gpu.id,
    data.databricks_node_type.memory.id,
    data.databricks_node_type.smallest.id,
    data.databricks_spark_version.latest.id,
    data.databricks_spark_version.lts,
    data.databricks_spark_version.ml.id,
    # Not auth_type: the genuine provider knows it only once it has signed in. Newer ones tell more.
    data.databricks_current_config.this.account_id,
    data.databricks_current_config.this.cloud_type,
    data.databricks_current_config.this.host,
    data.databricks_current_config.this.is_account,
  ]
}
