"""Lakeflow Jobs."""

from brickyard_constructs.jobs.wheel_job import Cron, WheelJob, WheelJobProps, WheelTask

__all__ = ["Cron", "WheelJob", "WheelJobProps", "WheelTask"]
