import pytest
from hypothesis import given
from hypothesis import strategies as st

from brickyard_pipelines.finetuning.plan import parse_plan
from brickyard_pipelines.finetuning.plan.document import Training
from brickyard_pipelines.finetuning.training import sharding
from brickyard_pipelines.finetuning.training.length import steps_of
from brickyard_pipelines.finetuning.training.watching import broken, diverged, without_gain

PLAN = """\
name: p
use_case: u
approach: supervised
accepted_licences: [mit]
base_models: [{name: m, path: m, licence: mit}]
data: {train: [{path: t.jsonl}]}
"""


@pytest.mark.parametrize("value", [float("nan"), float("inf"), float("-inf")])
def test_what_is_no_finite_number_is_told(value: float) -> None:
    assert "the loss is" in str(broken(value, 1.0))
    assert "the gradient is" in str(broken(1.0, value))
    assert broken(1.0, None) is None


@given(st.lists(st.floats(0.01, 10), min_size=1, max_size=200))
def test_a_loss_that_never_rises_does_not_diverge(losses: list[float]) -> None:
    assert diverged(sorted(losses, reverse=True)) is None


@given(st.floats(0.1, 5), st.integers(20, 80))
def test_a_loss_far_above_where_it_began_diverges(start: float, calm: int) -> None:
    assert diverged([start] * calm + [3 * start] * 20)


@given(st.lists(st.floats(0.01, 0.2), min_size=60, max_size=60))
def test_noise_of_what_is_learnt_already_is_no_divergence(late: list[float]) -> None:
    assert diverged([4.0] * 20 + late) is None


@given(st.lists(st.sampled_from([1.0, 2.0, 3.0]), max_size=12))
def test_evaluations_without_gain_are_counted_from_the_first_best(losses: list[float]) -> None:
    count = without_gain(losses)
    assert count == (len(losses[losses.index(min(losses)) + 1 :]) if losses else 0)


@pytest.mark.parametrize(
    ("duration", "accumulation", "devices", "total"),
    [("1ep", 1, 1, 3), ("2ep", 2, 1, 4), ("7ba", 1, 1, 7), ("1000tok", 1, 1, 3), ("1ep", 1, 2, 2), ("100tok", 4, 1, 1)],
)
def test_a_duration_is_so_many_steps(duration: str, accumulation: int, devices: int, total: int) -> None:
    training = Training(duration=duration, batch_size=4, gradient_accumulation=accumulation)
    assert steps_of(training, blocks=10, tokens=1000, devices=devices).total == total


def test_gpus_share_one_sharded_model_and_cpus_hold_copies() -> None:
    gpus = sharding.configuration(parse_plan(PLAN + "hardware: {accelerator: H100, count: 8}\n"))
    assert (gpus["distributed_type"], gpus["num_processes"], gpus["mixed_precision"]) == ("FSDP", 8, "bf16")
    assert gpus["fsdp_config"]["fsdp_version"] == 2
    cpus = sharding.configuration(parse_plan(PLAN + "hardware: {count: 2}\ntraining: {precision: fp32}\n"))
    assert (cpus["distributed_type"], cpus["use_cpu"], cpus["mixed_precision"]) == ("MULTI_CPU", True, "no")
