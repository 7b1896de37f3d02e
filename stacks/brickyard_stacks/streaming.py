"""A project's streaming job: feature rows are scored as they come, or at given times.

Each run scores what is there and ends, since serverless compute takes no other trigger of Structured Streaming; without
a schedule the job is continuous, so that the next run begins at once and goes on at the checkpoint.
Source: docs.databricks.com/aws/en/compute/serverless/limitations (streaming); …/jobs/continuous
"""

from dataclasses import replace

from constructs import Construct

from brickyard_constructs.jobs import Continuous, MultiTaskJob, WheelJobProps, WheelTask
from brickyard_stacks.jobs import cron
from brickyard_stacks.settings.deployment.jobs import STREAMING, Job
from brickyard_stacks.workflow import PACKAGE, step_parameters
from brickyard_stacks.workshop import Workshop

STEP = "streaming_inference"


def make_streaming_job(scope: Construct, workshop: Workshop, settings: Job | None) -> None:
    """The job, where the project wants one."""
    if settings is None:
        return
    task = WheelTask(key=STEP, parameters=(*step_parameters(workshop.names), "--available-now"), after=())
    is_paused = workshop.paused
    steps = WheelJobProps(
        name=workshop.names.extra_job(STREAMING),
        run_as=workshop.run_as,
        package=PACKAGE,
        wheels=workshop.wheels,
        tasks=(task,),
        permissions=workshop.permissions,
        timeout_s=settings.timeout_minutes * 60,
        max_retries=settings.max_retries,
        schedule=cron(settings.schedule, paused=is_paused) if settings.schedule else Continuous(paused=is_paused),
        tags=workshop.tags,
    )
    props = replace(
        steps.as_tasks(),
        environments=(workshop.serverless(),),
        notifications=workshop.notifications(),
        budget_policy_id=workshop.environment.compute.budget_policy_id,
        ui_locked=workshop.locked,
        queued=settings.schedule is not None,
    )
    MultiTaskJob(scope, "job-streaming", props)
