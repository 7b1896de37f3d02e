terraform {
  required_providers { databricks = { source = "databricks/databricks" } }
}
resource "databricks_directory" "d" { path = "/Shared/tf" }
resource "databricks_notebook" "nb" {
  path           = "${databricks_directory.d.path}/nb"
  language       = "PYTHON"
  content_base64 = base64encode("# Databricks notebook source\nprint(1)\n")
}
resource "databricks_job" "cron" {
  name = "cron"
  schedule {
    quartz_cron_expression = "0 0 6 ? * MON-FRI"
    timezone_id            = "Europe/Amsterdam"
  }
  task {
    task_key = "a"
    notebook_task {
      notebook_path   = databricks_notebook.nb.path
      base_parameters = { x = "1", y = "{{job.run_id}}" }
    }
  }
}
resource "databricks_job" "files" {
  name = "files"
  trigger {
    pause_status = "UNPAUSED"
    file_arrival {
      url                               = "/Volumes/a/b/c/"
      min_time_between_triggers_seconds = 120
      wait_after_last_change_seconds    = 60
    }
  }
  task {
    task_key = "a"
    sql_task {
      warehouse_id = "abc"
      query { query_id = "q" }
    }
  }
}
resource "databricks_job" "tables" {
  name = "tables"
  trigger {
    table_update {
      table_names = ["a.b.c"]
      condition   = "ANY_UPDATED"
    }
  }
  task {
    task_key        = "a"
    environment_key = "e"
    spark_python_task { python_file = "/Workspace/Shared/x.py" }
  }
  environment {
    environment_key = "e"
    spec {
      client       = "2"
      dependencies = ["requests", "-r /Volumes/a/b/c/requirements.txt"]
    }
  }
}
resource "databricks_job" "periodic" {
  name = "periodic"
  trigger {
    periodic {
      interval = 1
      unit     = "DAYS"
    }
  }
}
resource "databricks_job" "continuous" {
  name = "continuous"
  continuous { pause_status = "PAUSED" }
  task {
    task_key = "a"
    notebook_task { notebook_path = databricks_notebook.nb.path }
  }
}
