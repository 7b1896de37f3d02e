"""Monitors of predictions, of a feature table and of a small table; alerts and a dashboard over them."""

from cdktf import TerraformOutput, TerraformStack

from brickyard_constructs.iam import Permission
from brickyard_constructs.jobs import Cron
from brickyard_constructs.monitoring import (
    Chart,
    CustomMetric,
    Dashboard,
    DashboardProps,
    DriftMetric,
    InferenceLog,
    Profile,
    ProfileMetric,
    QualityMonitor,
    QualityMonitorProps,
    Slice,
    Snapshot,
    SqlAlert,
    SqlAlertProps,
    TableListing,
    TimeSeries,
)

DAILY = Cron(quartz="0 0 6 * * ?", timezone="UTC", paused=False)
READS = (Permission(level="CAN_READ", group="team"),)
PREDICTIONS = InferenceLog(
    problem_type="classification",
    timestamp_column="predicted_at",
    prediction_column="prediction",
    model_id_column="model_version",
    label_column="late",
    granularities=("1 day", "1 week"),
)
PROFILES: dict[str, Profile] = {
    "dev.inference.flights": PREDICTIONS,
    "dev.features.weather": TimeSeries(timestamp_column="at", granularities=("1 hour",)),
    "dev.gold.airports": Snapshot(),
}
TOTAL = CustomMetric(name="total", type="aggregate", definition="sum({{input_column}})", input_columns=("delay",))


def monitor(stack: TerraformStack, table: str) -> QualityMonitorProps:
    """Put the monitor of a table into a stack."""
    props = QualityMonitorProps(
        table=table,
        output_schema="dev.metrics",
        assets_dir="/Users/deployer/monitors",
        profile=PROFILES[table],
        slices=("carrier",),
        custom_metrics=(TOTAL,),
        baseline="dev.features.weather_2024" if table == "dev.features.weather" else None,
        schedule=DAILY,
        tell_of_failures=("team@acme.example",),
    )
    made = QualityMonitor(stack, f"monitor-{table.rsplit('.', 1)[1]}", props)
    TerraformOutput(stack, f"monitoring-{table.rsplit('.', 1)[1]}", value=made.status)
    return props


def build(stack: TerraformStack) -> None:
    """Put it all into a stack."""
    gold = TableListing(stack, "gold", catalog="dev", schema="gold")
    TerraformOutput(stack, "has-airports", value=f"${{{gold.has('dev.gold.airports')}}}")
    flights, *_ = [monitor(stack, table) for table in PROFILES]
    drift = DriftMetric(
        metrics_table=flights.drift_table, column="prediction", metric="js_distance", granularity="1 day"
    )
    united = Slice(expression="carrier", value="UA")
    accuracy = ProfileMetric(
        metrics_table=flights.profile_table, metric="accuracy_score", granularity="1 day", slice=united
    )
    alert = SqlAlertProps(
        name="Predictions drift",
        query=drift,
        warehouse_id="abc123",
        operator="GREATER_THAN",
        threshold=0.2,
        schedule=DAILY,
        permissions=READS,
        tell=("team@acme.example",),
        run_as="run-as",
    )
    SqlAlert(stack, "drift", alert)
    free = "SELECT count(*) AS n FROM dev.silver.flights"
    rows = SqlAlertProps(
        name="No flights",
        query=free,
        column="n",
        warehouse_id="abc123",
        operator="LESS_THAN",
        threshold=1,
        schedule=DAILY,
        permissions=READS,
    )
    SqlAlert(stack, "rows", rows)
    wrong = SqlAlertProps(
        name="Wrong about United",
        query=accuracy,
        warehouse_id="abc123",
        operator="LESS_THAN",
        threshold=0.7,
        schedule=DAILY,
        permissions=READS,
    )
    SqlAlert(stack, "wrong", wrong)
    shown = (
        Chart(title="Drift of predictions", kind="counter", query=drift, width=2),
        Chart(title="Wrong about United, by day", kind="line", query=accuracy, width=4),
        Chart(title="Flights by carrier", kind="bar", query="SELECT faa, n FROM dev.gold.airports", x="faa", y="n"),
        Chart(title="Airports", kind="table", query="SELECT faa, name FROM dev.gold.airports", columns=("faa", "name")),
    )
    page = DashboardProps(
        name="Flights",
        title="How flights are predicted",
        folder="/Shared/flights",
        warehouse_id="abc123",
        charts=shown,
        permissions=READS,
    )
    Dashboard(stack, "dashboard", page)
