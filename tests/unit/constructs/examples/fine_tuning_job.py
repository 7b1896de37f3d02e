"""Fine-tuning on a GPU cluster that lives as long as the run, under the GPU policy."""

from cdktf import TerraformStack

from brickyard_constructs.compute import ClusterSpec, Library, ReferencedClusterPolicy
from brickyard_constructs.iam import Permission
from brickyard_constructs.jobs import Continuous, Cron, JobCluster, MultiTaskJob, MultiTaskJobProps, PythonWheel, Task


def build(stack: TerraformStack) -> None:
    """Put it all into a stack."""
    policy = ReferencedClusterPolicy(stack, "policy", name="acme gpu")
    spec = ClusterSpec(
        spark_version="auto:latest-lts-gpu-ml",
        node_type="g5.xlarge",
        policy_id=policy.policy_id,
        tags={"owner": "team"},
    )
    task = Task(
        key="fine_tune",
        does=PythonWheel(package="llm_project", entry_point="fine_tune", parameters=("--epochs", "1")),
        compute="gpu",
        libraries=(Library(wheel="/Volumes/dev/models/artifacts/llm_project.whl"),),
    )
    props = MultiTaskJobProps(
        name="dev-fine-tune",
        run_as="run-as",
        tasks=(task,),
        permissions=(Permission(level="CAN_MANAGE_RUN", group="team"),),
        clusters=(JobCluster(key="gpu", spec=spec),),
        trigger=Cron(quartz="0 0 3 ? * SUN", timezone="UTC", paused=True),
        timeout_s=8 * 3600,
    )
    MultiTaskJob(stack, "job", props)
    listener = MultiTaskJobProps(
        name="dev-listen",
        run_as="run-as",
        tasks=(Task(key="listen", does=PythonWheel(package="tool", entry_point="listen"), compute="gpu"),),
        permissions=(Permission(level="CAN_MANAGE_RUN", group="team"),),
        clusters=(JobCluster(key="gpu", spec=spec),),
        trigger=Continuous(paused=True),
    )
    MultiTaskJob(stack, "listener", listener)
