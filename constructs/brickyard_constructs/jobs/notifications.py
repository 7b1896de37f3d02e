"""Who is told of a job's runs, and what counts as too slow."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from cdktf_cdktf_provider_databricks.job import (
    JobEmailNotifications,
    JobHealth,
    JobHealthRules,
    JobNotificationSettings,
    JobWebhookNotifications,
    JobWebhookNotificationsOnDurationWarningThresholdExceeded,
    JobWebhookNotificationsOnFailure,
    JobWebhookNotificationsOnSuccess,
)

from brickyard_constructs.checks import check_at_least, check_emails, check_one_of
from brickyard_constructs.errors import InvalidProps

_DURATION = "RUN_DURATION_SECONDS"
# Source: docs.databricks.com/api/workspace/jobs/create: health.rules.metric
HEALTH_METRICS = (
    _DURATION,
    "STREAMING_BACKLOG_BYTES",
    "STREAMING_BACKLOG_FILES",
    "STREAMING_BACKLOG_RECORDS",
    "STREAMING_BACKLOG_SECONDS",
)
_MOST_DESTINATIONS = 3  # Source: the same page: at most three destinations for each event


@dataclass(frozen=True, kw_only=True, slots=True)
class Notifications:
    """E-mail addresses and ids of notification destinations, for failures, slow runs and successes."""

    on_failure: tuple[str, ...] = ()
    on_success: tuple[str, ...] = ()
    failure_destinations: tuple[str, ...] = ()
    success_destinations: tuple[str, ...] = ()
    also_when_slow: bool = True
    silent_when_skipped: bool = True

    def __post_init__(self) -> None:
        check_emails("on_failure", self.on_failure)
        check_emails("on_success", self.on_success)
        for prop in ("failure_destinations", "success_destinations"):
            if len(getattr(self, prop)) > _MOST_DESTINATIONS:
                raise InvalidProps(prop, len(getattr(self, prop)), rule=f"at most {_MOST_DESTINATIONS} for one event")

    def fields(self, *, watches_duration: bool) -> dict[str, Any]:
        """The job's arguments; a limit on the duration must stand in its health rules, or nothing could exceed it."""
        slow = watches_duration and self.also_when_slow
        fields: dict[str, Any] = {}
        if self.on_failure or self.on_success:
            fields["email_notifications"] = JobEmailNotifications(
                on_failure=list(self.on_failure) or None,
                on_success=list(self.on_success) or None,
                on_duration_warning_threshold_exceeded=list(self.on_failure) or None if slow else None,
            )
        if self.failure_destinations or self.success_destinations:
            fields["webhook_notifications"] = self._webhooks(slow)
        if fields and self.silent_when_skipped:
            fields["notification_settings"] = JobNotificationSettings(no_alert_for_skipped_runs=True)
        return fields

    def _webhooks(self, slow: bool) -> JobWebhookNotifications:
        # By id: the provider reads them so.
        failure, success = sorted(self.failure_destinations), sorted(self.success_destinations)
        warned = [JobWebhookNotificationsOnDurationWarningThresholdExceeded(id=each) for each in failure]
        return JobWebhookNotifications(
            on_failure=[JobWebhookNotificationsOnFailure(id=each) for each in failure] or None,
            on_success=[JobWebhookNotificationsOnSuccess(id=each) for each in success] or None,
            on_duration_warning_threshold_exceeded=warned or None if slow else None,
        )


@dataclass(frozen=True, kw_only=True, slots=True)
class Health:
    """What a run should stay under, by metric. Units: the metric's own name says them."""

    under: Mapping[str, int] = field(default_factory=dict)

    def __post_init__(self) -> None:
        for metric, most in self.under.items():
            check_one_of("under", metric, HEALTH_METRICS)
            check_at_least("under", most, 1)

    @property
    def watches_duration(self) -> bool:
        """Whether a run can be too slow."""
        return _DURATION in self.under

    def fields(self) -> dict[str, Any]:
        """The job's argument."""
        if not self.under:
            return {}
        rules = [JobHealthRules(metric=m, op="GREATER_THAN", value=v) for m, v in sorted(self.under.items())]
        return {"health": JobHealth(rules=rules)}
