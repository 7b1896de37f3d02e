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
variable "prefix" { type = string }
variable "comment" {
  type    = string
  default = "first"
}
variable "served_version" {
  type    = string
  default = ""
}
variable "other_workspace_id" { type = number }

provider "databricks" {
  host  = var.host
  token = var.token
}

variable "member" {
  type    = string
  default = "service_principal"
}

data "databricks_current_user" "me" {}

resource "databricks_catalog" "main" {
  name           = var.prefix
  comment        = var.comment
  properties     = { purpose = "test" }
  isolation_mode = "ISOLATED"
  force_destroy  = true
}

resource "databricks_schema" "ml" {
  catalog_name  = databricks_catalog.main.name
  name          = "ml"
  comment       = var.comment
  owner         = data.databricks_current_user.me.user_name
  force_destroy = true
}

resource "databricks_volume" "landing" {
  catalog_name = databricks_catalog.main.name
  schema_name  = databricks_schema.ml.name
  name         = "landing"
  volume_type  = "MANAGED"
  comment      = var.comment
}

resource "databricks_registered_model" "model" {
  catalog_name = databricks_catalog.main.name
  schema_name  = databricks_schema.ml.name
  name         = "model"
  comment      = var.comment
}

resource "databricks_group" "readers" {
  display_name               = "${var.prefix}-readers"
  allow_instance_pool_create = true
}

resource "databricks_group" "others" {
  display_name = "${var.prefix}-others"
}

resource "databricks_service_principal" "runner" {
  display_name = "${var.prefix}-runner"
}

resource "databricks_group_member" "runner" {
  group_id  = databricks_group.readers.id
  member_id = var.member == "group" ? databricks_group.others.id : databricks_service_principal.runner.id
}

resource "databricks_grants" "catalog" {
  catalog = databricks_catalog.main.name
  grant {
    principal  = databricks_group.readers.display_name
    privileges = ["USE_CATALOG", "USE_SCHEMA"]
  }
  grant {
    principal  = databricks_service_principal.runner.application_id
    privileges = ["ALL_PRIVILEGES"]
  }
}

resource "databricks_grant" "volume" {
  volume     = databricks_volume.landing.id
  principal  = databricks_group.readers.display_name
  privileges = ["READ_VOLUME"]
}

resource "databricks_grants" "model" {
  model = databricks_registered_model.model.id
  grant {
    principal  = databricks_group.readers.display_name
    privileges = ["EXECUTE"]
  }
}

resource "databricks_workspace_binding" "main" {
  securable_name = databricks_catalog.main.name
  securable_type = "catalog"
  workspace_id   = var.other_workspace_id
}

resource "databricks_mlflow_experiment" "training" {
  name       = "/Shared/${var.prefix}"
  depends_on = [databricks_directory.shared]
}

resource "databricks_directory" "shared" {
  path = "/Shared/${var.prefix}-files"
}

resource "databricks_workspace_file" "notes" {
  path           = "${databricks_directory.shared.path}/notes.txt"
  content_base64 = base64encode("notes ${var.comment}")
}

resource "databricks_file" "wheel" {
  path           = "${databricks_volume.landing.volume_path}/pipelines-1.0-py3-none-any.whl"
  content_base64 = base64encode("wheel ${var.comment}")
}

resource "databricks_job" "workflow" {
  name            = "${var.prefix}-workflow"
  timeout_seconds = 3600
  tags            = { team = "ml", comment = var.comment }
  run_as {
    service_principal_name = databricks_service_principal.runner.application_id
  }
  queue {
    enabled = true
  }
  parameter {
    name    = "catalog"
    default = databricks_catalog.main.name
  }
  schedule {
    quartz_cron_expression = "0 0 6 * * ?"
    timezone_id            = "UTC"
    pause_status           = "PAUSED"
  }
  environment {
    environment_key = "default"
    spec {
      environment_version = "4"
      dependencies        = [databricks_file.wheel.path]
    }
  }
  task {
    task_key        = "a_ingest"
    environment_key = "default"
    max_retries     = 1
    timeout_seconds = 600
    python_wheel_task {
      package_name = "pipelines"
      entry_point  = "ingest"
      parameters   = ["--comment", var.comment]
    }
  }
  task {
    task_key        = "b_train"
    environment_key = "default"
    depends_on {
      task_key = "a_ingest"
    }
    python_wheel_task {
      package_name = "pipelines"
      entry_point  = "train"
      parameters   = ["--run", "{{job.run_id}}"]
    }
  }
  lifecycle {
    ignore_changes = [description]
  }
}

resource "databricks_permissions" "workflow" {
  job_id = databricks_job.workflow.id
  access_control {
    group_name       = databricks_group.readers.display_name
    permission_level = "CAN_MANAGE_RUN"
  }
}

resource "databricks_permissions" "training" {
  experiment_id = databricks_mlflow_experiment.training.id
  access_control {
    group_name       = databricks_group.readers.display_name
    permission_level = "CAN_EDIT"
  }
  access_control {
    service_principal_name = databricks_service_principal.runner.application_id
    permission_level       = "CAN_MANAGE"
  }
}

resource "databricks_model_serving" "endpoint" {
  count = var.served_version == "" ? 0 : 1
  name  = "${var.prefix}-endpoint"
  config {
    served_entities {
      entity_name           = databricks_registered_model.model.id
      entity_version        = var.served_version
      workload_size         = "Small"
      scale_to_zero_enabled = true
    }
  }
  ai_gateway {
    inference_table_config {
      catalog_name      = databricks_catalog.main.name
      schema_name       = databricks_schema.ml.name
      table_name_prefix = "calls"
      enabled           = true
    }
    rate_limits {
      calls          = var.served_version == "1" ? 100 : 200
      key            = "endpoint"
      renewal_period = "minute"
    }
  }
  tags {
    key   = "team"
    value = "ml"
  }
}

resource "databricks_model_serving" "tokens" {
  count = var.served_version == "" ? 0 : 1
  name  = "${var.prefix}-tokens"
  config {
    served_entities {
      entity_name                = databricks_registered_model.model.id
      entity_version             = "1"
      min_provisioned_throughput = 0
      max_provisioned_throughput = var.served_version == "1" ? 970 : 1940
    }
  }
}

resource "databricks_model_serving_provisioned_throughput" "units" {
  count = var.served_version == "" ? 0 : 1
  name  = "${var.prefix}-units"
  config {
    served_entities {
      entity_name             = databricks_registered_model.model.id
      entity_version          = "1"
      provisioned_model_units = var.served_version == "1" ? 50 : 100
    }
  }
  tags {
    key   = "version"
    value = var.served_version
  }
}

resource "databricks_permissions" "endpoint" {
  count               = var.served_version == "" ? 0 : 1
  serving_endpoint_id = databricks_model_serving.endpoint[0].serving_endpoint_id
  access_control {
    group_name       = databricks_group.readers.display_name
    permission_level = "CAN_QUERY"
  }
}
