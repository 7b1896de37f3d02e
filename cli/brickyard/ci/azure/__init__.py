"""The pipelines of Azure DevOps.

Where Databricks is signed in to by the login of `az`, each job runs inside AzureCLI@2 with a service connection of its
own: one to plan, one to apply, so that approvals and branch control stand on the connection. Where it is signed in to
by azure-devops-oidc there is one subject for each pipeline, and no connection between: then planning and applying are
two pipelines, and who applies types the digest that was approved.
Source: learn.microsoft.com/azure/devops/pipelines (YAML schema, expressions, deployment jobs, approvals and checks)
"""
