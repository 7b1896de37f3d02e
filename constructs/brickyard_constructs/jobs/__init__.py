"""Lakeflow Jobs."""

from brickyard_constructs.jobs.ai_runtime import AiRuntime
from brickyard_constructs.jobs.compute import JobCluster, ServerlessEnvironment
from brickyard_constructs.jobs.multi_task_job import MultiTaskJob, MultiTaskJobProps
from brickyard_constructs.jobs.notifications import Health, Notifications
from brickyard_constructs.jobs.task import After, ForEach, Task
from brickyard_constructs.jobs.task_types import Condition, Notebook, PythonFile, PythonWheel, RunJob, Sql
from brickyard_constructs.jobs.triggers import Continuous, Cron, FileArrival, Periodic, TableUpdate, Trigger
from brickyard_constructs.jobs.wheel_job import WheelJob, WheelJobProps, WheelTask

__all__ = [
    "After",
    "AiRuntime",
    "Condition",
    "Continuous",
    "Cron",
    "FileArrival",
    "ForEach",
    "Health",
    "JobCluster",
    "MultiTaskJob",
    "MultiTaskJobProps",
    "Notebook",
    "Notifications",
    "Periodic",
    "PythonFile",
    "PythonWheel",
    "RunJob",
    "ServerlessEnvironment",
    "Sql",
    "TableUpdate",
    "Task",
    "Trigger",
    "WheelJob",
    "WheelJobProps",
    "WheelTask",
]
