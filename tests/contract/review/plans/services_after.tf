# A change to what services_state.json holds; each block is for a rule.
resource "databricks_model_serving" "churn" {
  name = "churn"
  config {
    served_entities {
      name                  = "champion"
      entity_name           = "sales.models.churn"
      entity_version        = "2"
      workload_size         = "Small"
      scale_to_zero_enabled = true
    }
  }
}

resource "databricks_cluster_policy" "small" {
  name       = "small"
  definition = jsonencode({ autotermination_minutes = { type = "fixed", value = 600 } })
}

resource "databricks_user" "ana" {
  user_name = "ana.new@example.com"
}

resource "databricks_database_instance" "features" {
  name     = "features"
  capacity = "CU_1"
  stopped  = true
}

resource "databricks_workspace_binding" "sales" {
  securable_name = "sales"
  securable_type = "catalog"
  workspace_id   = 42
  binding_type   = "BINDING_TYPE_READ_WRITE"
}

resource "databricks_service_principal_federation_policy" "release" {
  service_principal_id = 7
  policy_id            = "release"
  oidc_policy = {
    issuer  = "https://token.actions.githubusercontent.com"
    subject = "repo:acme/ml:ref:refs/heads/main"
  }
}

resource "terraform_data" "bucket" {
  input = { block_public_acls = false }
}

resource "terraform_data" "root" {
  triggers_replace = 2
}

resource "terraform_data" "leaf_0" {
  input = terraform_data.root.id
}

resource "terraform_data" "leaf_1" {
  input = terraform_data.leaf_0.id
}

resource "terraform_data" "leaf_2" {
  input = terraform_data.leaf_1.id
}

resource "terraform_data" "leaf_3" {
  input = terraform_data.leaf_2.id
}

resource "terraform_data" "leaf_4" {
  input = terraform_data.leaf_3.id
}

resource "terraform_data" "leaf_5" {
  input = terraform_data.leaf_4.id
}

resource "terraform_data" "leaf_6" {
  input = terraform_data.leaf_5.id
}

resource "terraform_data" "leaf_7" {
  input = terraform_data.leaf_6.id
}

resource "terraform_data" "leaf_8" {
  input = terraform_data.leaf_7.id
}

resource "terraform_data" "leaf_9" {
  input = terraform_data.leaf_8.id
}
