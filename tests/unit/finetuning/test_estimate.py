import json
import struct
from pathlib import Path

import pytest

from brickyard_pipelines.finetuning.errors import UnsupportedModel
from brickyard_pipelines.finetuning.plan import parse_plan
from brickyard_pipelines.finetuning.plan.estimate import _CPU_UTILISATION, Load, estimate, exceeded
from brickyard_pipelines.finetuning.plan.hardware import Device
from brickyard_pipelines.finetuning.plan.model_facts import ModelFacts, read_facts

# SmolLM2-135M as its config.json has it; it has 134,515,008 parameters.
SMOL = {
    "model_type": "llama",
    "hidden_size": 576,
    "intermediate_size": 1536,
    "num_hidden_layers": 30,
    "num_attention_heads": 9,
    "num_key_value_heads": 3,
    "vocab_size": 49152,
    "max_position_embeddings": 8192,
    "tie_word_embeddings": True,
}
PLAN = """\
name: p
use_case: u
approach: supervised
accepted_licences: [mit]
base_models: [{name: m, path: m, licence: mit}]
data: {train: [{path: t.jsonl}], context_length: 1000}
hardware: {accelerator: A10, price_per_hour: 2.0}
budget: {hours: 1}
training: {method: lora, batch_size: 4}
"""
LOAD = Load(tokens_per_epoch=1_000_000, tokens_per_row=500)
A10 = Device(memory_gb=24, tflops=125, is_cpu=False)


def facts_of(folder: Path, **changes: object) -> ModelFacts:
    (folder / "config.json").write_text(json.dumps({**SMOL, **changes}))
    return read_facts(folder)


def test_parameters_are_counted_from_the_configuration(tmp_path: Path) -> None:
    assert facts_of(tmp_path).parameters == 134_515_008


def test_weights_that_are_there_are_counted_from_their_headers(tmp_path: Path) -> None:
    header = json.dumps({"w": {"dtype": "F32", "shape": [3, 4], "data_offsets": [0, 48]}}).encode()
    weights = tmp_path / "model.safetensors"
    weights.write_bytes(struct.pack("<Q", len(header)) + header + bytes(48))
    assert facts_of(tmp_path).parameters == 12
    weights.write_bytes(weights.read_bytes()[:-1])
    with pytest.raises(UnsupportedModel, match="cut short"):
        facts_of(tmp_path)


def test_a_model_of_another_kind_is_refused_with_what_is_missing(tmp_path: Path) -> None:
    with pytest.raises(UnsupportedModel, match="no usable hidden_size"):
        facts_of(tmp_path, hidden_size=None)
    with pytest.raises(UnsupportedModel, match="encoder-decoder"):
        facts_of(tmp_path, is_encoder_decoder=True)


def test_full_training_takes_sixteen_bytes_per_parameter_and_an_adapter_a_fraction(tmp_path: Path) -> None:
    facts = facts_of(tmp_path)
    full = estimate(parse_plan(PLAN.replace("lora", "full")), facts, LOAD, A10)
    lora = estimate(parse_plan(PLAN), facts, LOAD, A10)
    assert full.weights_gb + full.trained_gb == pytest.approx(134_515_008 * 16 / 1e9)
    assert lora.weights_gb == pytest.approx(134_515_008 * 2 / 1e9)
    assert lora.trained_gb < full.trained_gb / 20


def test_twice_the_data_takes_twice_the_time_and_money(tmp_path: Path) -> None:
    facts, plan = facts_of(tmp_path), parse_plan(PLAN)
    once = estimate(plan, facts, LOAD, A10)
    twice = estimate(plan, facts, Load(tokens_per_epoch=2_000_000, tokens_per_row=500), A10)
    assert twice.hours == pytest.approx(2 * once.hours)
    assert once.cost == pytest.approx(once.hours * 2.0)


def test_memory_is_that_of_a_batch_filled_to_its_longest_row(tmp_path: Path) -> None:
    facts, plan = facts_of(tmp_path), parse_plan(PLAN)
    short = estimate(plan, facts, LOAD, A10)
    long = estimate(plan, facts, Load(tokens_per_epoch=1_000_000, tokens_per_row=500, longest=5000), A10)
    assert long.logits_gb == pytest.approx(2 * short.logits_gb)  # the context holds 1000
    assert long.hours == short.hours


def test_padding_costs_time_and_packing_costs_none(tmp_path: Path) -> None:
    facts = facts_of(tmp_path)
    mixed = Load(tokens_per_epoch=1_000_000, tokens_per_row=500, longest=1024, lengths={1024: 50, 64: 50})
    padded = estimate(parse_plan(PLAN), facts, mixed, A10)
    packed = estimate(parse_plan(PLAN.replace("batch_size: 4", "batch_size: 4, packing: true")), facts, mixed, A10)
    of_one_length = estimate(parse_plan(PLAN), facts, LOAD, A10)
    assert padded.tokens == packed.tokens == of_one_length.tokens
    assert padded.operations == pytest.approx(of_one_length.operations * mixed.filling(4))
    assert mixed.filling(4) == pytest.approx((768 * 15 / 16 + 48 / 16) / ((768 + 48) / 2))  # the longest of four
    assert packed.hours < 0.7 * padded.hours
    assert packed.logits_gb == pytest.approx(4 * 1000 * 49152 * 12 / 1e9)  # a packed block is full


def test_what_exceeds_hardware_and_budget_is_told_before_anything_runs(tmp_path: Path) -> None:
    plan = parse_plan(PLAN)
    small = estimate(plan, facts_of(tmp_path), Load(tokens_per_epoch=10**13, tokens_per_row=500), A10)
    tiny = Device(memory_gb=0.5, tflops=125, is_cpu=False)
    assert [path for path, *_ in exceeded(small, plan)] == ["budget.hours"]
    assert [path for path, *_ in exceeded(estimate(plan, facts_of(tmp_path), LOAD, tiny), plan)] == ["hardware"]


def test_a_cpu_spends_time_beside_products_the_more_the_narrower_the_model(tmp_path: Path) -> None:
    cpu, plan = Device(memory_gb=16, tflops=0.1, is_cpu=True), parse_plan(PLAN)
    share = f"accelerator: A10, utilisation: {_CPU_UTILISATION}"
    stated = parse_plan(PLAN.replace("accelerator: A10", share))

    def beside(**widths: int) -> float:
        facts = facts_of(tmp_path, **widths)
        of_products = estimate(stated, facts, LOAD, cpu).hours  # a share that is stated is one of all that is done
        return estimate(plan, facts, LOAD, cpu).hours / of_products - 1

    narrow = beside(hidden_size=128, intermediate_size=352, num_hidden_layers=4, vocab_size=8192)
    assert 0 < beside() < 0.25
    assert narrow > 0.5


def test_packed_rows_cost_a_cpu_their_attention_weights(tmp_path: Path) -> None:
    facts, packed = facts_of(tmp_path), parse_plan(PLAN.replace("batch_size: 4", "batch_size: 4, packing: true"))
    cpu = Device(memory_gb=16, tflops=0.1, is_cpu=True)
    weights_gb = 2 * 30 * 9 * 1000 * 4000 * 2 / 1e9  # twice, layers, heads, context, tokens of a batch, bytes of bf16
    there = estimate(packed, facts, LOAD, A10).activations_gb
    assert estimate(packed, facts, LOAD, cpu).activations_gb - there == pytest.approx(weights_gb)
    unpacked = (estimate(parse_plan(PLAN), facts, LOAD, each).activations_gb for each in (cpu, A10))
    assert len(set(unpacked)) == 1


def test_an_estimate_says_where_measured_runs_lay_and_that_none_was(tmp_path: Path) -> None:
    facts, plan = facts_of(tmp_path), parse_plan(PLAN)
    here = estimate(plan, facts, LOAD, Device(memory_gb=16, tflops=0.1, is_cpu=True)).as_json()
    assert here["hours_between"][0] < here["hours"] < here["hours_between"][1]
    assert here["memory_gb_between"][0] < here["memory_gb"] < here["memory_gb_between"][1]
    assert estimate(plan, facts, LOAD, A10).as_json()["hours_between"] is None
