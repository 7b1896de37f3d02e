# Everything about principals that a provider can make, applied by a service principal that signs in with OAuth.
terraform {
  required_providers {
    databricks = { source = "databricks/databricks" }
  }
}

variable "account_id" { type = string }

variable "comment" {
  type    = string
  default = "first"
}

resource "databricks_user" "ann" {
  user_name    = "ann@x.org"
  display_name = "Ann"
}

resource "databricks_service_principal" "robot" {
  display_name = "robot"
}

resource "databricks_group" "inner" {
  display_name = "inner"
}

resource "databricks_group" "outer" {
  display_name = "outer"
  lifecycle { # databricks_entitlements owns them: the provider's page says not to set them in both
    ignore_changes = [workspace_access, databricks_sql_access, allow_cluster_create]
  }
}

resource "databricks_group_member" "nested" {
  group_id  = databricks_group.outer.id
  member_id = databricks_group.inner.id
}

resource "databricks_group_member" "ann" {
  group_id  = databricks_group.inner.id
  member_id = databricks_user.ann.id
}

resource "databricks_entitlements" "outer" {
  group_id              = databricks_group.outer.id
  workspace_access      = true
  databricks_sql_access = true
  allow_cluster_create  = var.comment == "second"
}

resource "databricks_service_principal_secret" "robot" {
  service_principal_id = databricks_service_principal.robot.id
  lifetime             = "86400s"
}

resource "databricks_obo_token" "robot" {
  application_id   = databricks_service_principal.robot.application_id
  comment          = var.comment
  lifetime_seconds = 3600
}

resource "databricks_token" "mine" {
  comment          = "mine"
  lifetime_seconds = 3600
}

resource "databricks_permissions" "tokens" {
  authorization = "tokens"
  access_control {
    group_name       = databricks_group.outer.display_name
    permission_level = "CAN_USE"
  }
}

resource "databricks_access_control_rule_set" "robot" {
  name = "accounts/${var.account_id}/servicePrincipals/${databricks_service_principal.robot.application_id}/ruleSets/default"
  grant_rules {
    principals = ["groups/${databricks_group.outer.display_name}"]
    role       = "roles/servicePrincipal.user"
  }
}

resource "databricks_permission_assignment" "outer" {
  principal_id = databricks_group.outer.id
  permissions  = ["USER"]
}

resource "databricks_permission_assignment" "robot" {
  service_principal_name = databricks_service_principal.robot.application_id
  permissions            = ["USER"]
}

data "databricks_group" "outer" {
  display_name = databricks_group.outer.display_name
  depends_on   = [databricks_group_member.nested, databricks_entitlements.outer]
}

data "databricks_service_principal" "robot" {
  application_id = databricks_service_principal.robot.application_id
}

data "databricks_user" "ann" {
  user_name = databricks_user.ann.user_name
}

data "databricks_current_user" "me" {}
