variable "step" {
  type    = string
  default = "first"
}

locals {
  later    = var.step != "first"
  replaced = var.step == "replaced"
}

provider "databricks" {
  alias      = "account"
  host       = var.host
  token      = var.token
  account_id = var.account_id
  # Without it the genuine provider signs in to an account at https://accounts.… only.
  experimental_is_unified_host = true
}

resource "databricks_service_principal" "robot" {
  display_name = "${var.prefix}-robot"
}

resource "databricks_service_principal" "other" {
  display_name = "${var.prefix}-other"
}

resource "databricks_budget_policy" "team" {
  provider    = databricks.account
  policy_name = local.later ? "${var.prefix} other" : "${var.prefix} team"
  custom_tags = local.later ? [{ key = "team", value = "ml" }, { key = "stage" }] : [{ key = "team", value = "ml" }]
}

resource "databricks_budget_policy" "bound" {
  provider              = databricks.account
  policy_name           = "${var.prefix} bound"
  binding_workspace_ids = local.replaced ? [] : [var.other_workspace_id]
}

resource "databricks_access_control_rule_set" "team" {
  name = "accounts/${var.account_id}/budgetPolicies/${databricks_budget_policy.team.policy_id}/ruleSets/default"
  grant_rules {
    role       = "roles/budgetPolicy.user"
    principals = ["servicePrincipals/${databricks_service_principal.robot.application_id}"]
  }
}

resource "databricks_job" "billed" {
  name             = "${var.prefix}-billed"
  budget_policy_id = databricks_budget_policy.team.policy_id
  environment {
    environment_key = "default"
    spec {
      environment_version = "4"
    }
  }
  task {
    task_key        = "look"
    environment_key = "default"
    spark_python_task {
      python_file = "/Workspace/Shared/${var.prefix}.py"
    }
  }
}

resource "databricks_mws_permission_assignment" "robot" {
  provider     = databricks.account
  workspace_id = var.other_workspace_id
  principal_id = local.replaced ? databricks_service_principal.other.id : databricks_service_principal.robot.id
  permissions  = ["USER"]
}

resource "databricks_service_principal_federation_policy" "robot" {
  provider             = databricks.account
  service_principal_id = databricks_service_principal.robot.id
  policy_id            = local.replaced ? "release" : "pipeline"
  description          = local.later ? "second" : "first"
  oidc_policy = {
    issuer    = "https://token.actions.githubusercontent.com"
    subject   = local.later ? "repo:acme/b" : "repo:acme/a"
    audiences = ["api"]
  }
}
