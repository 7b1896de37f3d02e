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
variable "other_workspace_id" { type = number }
variable "account_id" { type = string }

provider "databricks" {
  host  = var.host
  token = var.token
}
