"""From a project's limits on a monitor's metrics to the job that looks at them and starts another."""

from brickyard_constructs.jobs import Notifications
from brickyard_constructs.monitoring import (
    DriftMetric,
    Limit,
    ProfileMetric,
    QualityMonitorProps,
    RetrainingTrigger,
    RetrainingTriggerProps,
)
from brickyard_stacks.base import EnvironmentStack
from brickyard_stacks.deployment import ProjectDeployment
from brickyard_stacks.identities import Identities
from brickyard_stacks.permissions import job_levels
from brickyard_stacks.settings.deployment import retraining as settings
from brickyard_stacks.settings.deployment.jobs import WORKFLOW

_HOUR_S = 3600


def retraining_trigger(
    stack: EnvironmentStack,
    deployment: ProjectDeployment,
    identities: Identities,
    monitor: QualityMonitorProps,
    retrain: settings.Retrain,
) -> RetrainingTrigger:
    """The job that looks at one monitor's metrics."""
    environment, names, told = deployment.environment, deployment.names, deployment.environment.notifications
    dotted = monitor.table.split(".", 1)[1]
    props = RetrainingTriggerProps(
        name=names.extra_job(f"retrain-{dotted.replace('.', '-').replace('_', '-')}"),
        limits={name: _limit(limit, monitor) for name, limit in retrain.limits.items()},
        retrain_job=names.job if retrain.job == WORKFLOW else names.extra_job(retrain.job),
        run_as=identities.principals["run_as"],
        folder=names.monitoring_folder,
        permissions=identities.permissions(job_levels(environment.stage)),
        paused=deployment.paused,
        between_s=retrain.hours_between * _HOUR_S,
        notifications=Notifications(on_failure=told.on_failure, failure_destinations=told.destinations),
        ui_locked=environment.stage not in ("local", "dev"),
        tags=stack.tags(**deployment.tags),
    )
    return RetrainingTrigger(stack, f"retrain-{dotted}", props)


def _limit(limit: settings.Limit, monitor: QualityMonitorProps) -> Limit:
    metric: DriftMetric | ProfileMetric
    if limit.against is None:
        metric = ProfileMetric(
            metrics_table=monitor.profile_table,
            metric=limit.metric,
            column=limit.column,
            granularity=limit.granularity,
        )
    else:
        metric = DriftMetric(
            metrics_table=monitor.drift_table,
            metric=limit.metric,
            column=limit.column,
            against=limit.against,
            granularity=limit.granularity,
        )
    return Limit(metric=metric, operator=limit.operator, threshold=limit.threshold)
