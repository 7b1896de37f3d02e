variable "step" {
  type    = string
  default = "first"
}

locals {
  later    = var.step != "first"
  replaced = var.step == "replaced"
}

resource "databricks_secret_scope" "team" {
  name = local.replaced ? "${var.prefix}-other" : "${var.prefix}-team"
}

resource "databricks_secret_scope" "managed" {
  name                     = "${var.prefix}-managed"
  initial_manage_principal = "users"
}

resource "databricks_secret" "token" {
  scope        = databricks_secret_scope.team.name
  key          = "token"
  string_value = "value-${local.later}"
}

resource "databricks_secret_acl" "readers" {
  scope      = databricks_secret_scope.managed.name
  principal  = databricks_group.readers.display_name
  permission = local.later ? "WRITE" : "READ"
}

resource "databricks_group" "readers" {
  display_name = "${var.prefix}-readers"
  lifecycle {
    ignore_changes = [workspace_access, databricks_sql_access, allow_cluster_create]
  }
}

resource "databricks_group" "others" {
  display_name = "${var.prefix}-others"
}

resource "databricks_service_principal" "robot" {
  display_name = "${var.prefix}-robot"
}

resource "databricks_user" "ann" {
  user_name            = local.replaced ? "ann.b-${var.prefix}@x.org" : "Ann-${var.prefix}@x.org"
  display_name         = local.later ? "Ann B" : "Ann"
  allow_cluster_create = local.later
}

resource "databricks_user" "plain" {
  user_name = "plain-${var.prefix}@x.org"
  active    = true
}

resource "databricks_entitlements" "readers" {
  group_id              = databricks_group.readers.id
  workspace_access      = true
  databricks_sql_access = local.later
}

resource "databricks_permission_assignment" "readers" {
  principal_id = local.replaced ? databricks_group.others.id : databricks_group.readers.id
  permissions  = ["USER"]
}

resource "databricks_permission_assignment" "robot" {
  service_principal_name = databricks_service_principal.robot.application_id
  permissions            = ["USER"]
}

resource "databricks_service_principal_role" "robot" {
  service_principal_id = databricks_service_principal.robot.id
  role                 = "arn:aws:iam::123456789012:instance-profile/${local.replaced ? "b" : "a"}"
}

resource "databricks_access_control_rule_set" "robot" {
  name = "accounts/${var.account_id}/servicePrincipals/${databricks_service_principal.robot.application_id}/ruleSets/default"
  grant_rules {
    role       = "roles/servicePrincipal.user"
    principals = local.later ? ["users/plain-${var.prefix}@x.org", "groups/users"] : ["groups/users"]
  }
  dynamic "grant_rules" {
    for_each = local.later ? [] : ["manager"]
    content {
      role       = "roles/servicePrincipal.manager"
      principals = ["groups/${var.prefix}-readers"]
    }
  }
  depends_on = [databricks_group.readers, databricks_user.plain]
}

resource "databricks_notebook" "source" {
  path           = local.replaced ? "/Shared/${var.prefix}/other" : "/Shared/${var.prefix}/source"
  language       = "PYTHON"
  content_base64 = base64encode("# Databricks notebook source\nprint('${local.later}')\n")
}

resource "databricks_notebook" "from_file" {
  path   = "/Shared/${var.prefix}/from_file"
  source = "${path.module}/query.sql"
  # Provider 1.128 fails where another notebook makes their folder between its failure and its second look.
  depends_on = [databricks_notebook.source]
}
