"""The three approaches on a tiny Llama: what is learnt, what carries loss, what is left behind."""

import json
import math
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from brickyard_pipelines.finetuning.errors import CannotTrainHere, OutputTaken, TrainingStopped, UnsupportedModel
from brickyard_pipelines.finetuning.training.checkpoints import damage, step_of


def answer(folder: Path, prompt: str) -> str:
    """What a model's folder answers, greedily, with the stop token."""
    from transformers import AutoModelForCausalLM, AutoTokenizer

    model, tokenizer = AutoModelForCausalLM.from_pretrained(folder), AutoTokenizer.from_pretrained(folder)
    asked = tokenizer.apply_chat_template(
        [{"role": "user", "content": prompt}], add_generation_prompt=True, return_dict=True, return_tensors="pt"
    )["input_ids"]
    made = model.generate(input_ids=asked, max_new_tokens=40, do_sample=False)
    return str(tokenizer.decode(made[0, asked.shape[1] :]))


def logits(model: Any) -> Any:
    import torch

    with torch.no_grad():
        return model.eval()(input_ids=torch.arange(40).reshape(1, -1)).logits


def test_pairs_are_memorised_and_answers_stop(workbench: Any) -> None:
    plan = workbench.plan(duration="90ba", batch_size=8, checkpoint_every=90, sample_prompts=["Who is Bo?"])
    found = workbench.train(plan)
    assert found["metrics"]["first_loss"] == pytest.approx(math.log(361), abs=0.7)
    assert found["metrics"]["last_loss"] < 0.05
    assert 0 < found["estimated"]["hours"] < 1
    assert found["estimated"]["memory_gb"] == pytest.approx(found["peak_memory_gb"], rel=1.0)
    merged = workbench.root / "out" / "merged"
    assert answer(merged, "Who is Ed?") == "Ed is number 4.<|im_end|>"
    first, last = found["samples"][0], found["samples"][-1]
    assert first["step"] == 0
    assert last["answers"] == [{"prompt": "Who is Bo?", "answer": "Bo is number 1.", "stopped": True}]


def test_an_adapter_learns_conversations_and_merged_it_is_the_same_model(workbench: Any) -> None:
    from peft import PeftModel
    from transformers import AutoModelForCausalLM

    how = {"method": "lora", "duration": "30ba", "packing": True, "lora": {"rank": 8}}
    found = workbench.train(workbench.plan("chat_completion", **how))
    assert found["metrics"]["last_loss"] < 0.9 * found["metrics"]["first_loss"]
    assert found["data"]["train"]["packed"]
    out = workbench.root / "out"
    base = AutoModelForCausalLM.from_pretrained(workbench.root / "base")
    before = logits(base)
    adapted = logits(PeftModel.from_pretrained(base, out / "adapter"))
    merged = logits(AutoModelForCausalLM.from_pretrained(out / "merged"))
    assert (merged - adapted).abs().max() < 1e-5
    assert (merged - before).abs().max() > 1e-2


def test_plain_text_is_learnt_packed(bench: Any) -> None:
    workbench = bench(template=None)
    found = workbench.train(workbench.plan("continued_pretraining", duration="30ba"))
    assert found["metrics"]["last_loss"] < 0.5 * found["metrics"]["first_loss"]
    data = found["data"]["train"]
    assert data["packed"]
    assert data["learnt"] >= data["tokens"] - 2 * data["blocks"] - 8
    assert not (workbench.root / "out" / "adapter").exists()


@pytest.mark.parametrize(("packing", "accumulation"), [(True, 1), (False, 2)])
def test_a_batch_moves_the_weights_as_its_rows_would_alone_and_only_by_what_is_learnt(
    workbench: Any, packing: bool, accumulation: int
) -> None:
    """Packed or padded, at once or accumulated: gradients of a plain loss over the learnt tokens of each row alone."""
    import torch
    from torch.nn.functional import cross_entropy
    from transformers import AutoModelForCausalLM

    how = {"batch_size": 8 // accumulation, "gradient_accumulation": accumulation}
    plan = workbench.plan("chat_completion", packing=packing, data={"context_length": 128}, duration="1ba", **how)
    data = workbench.data(plan)
    gradients: dict[str, Any] = {}

    def caught(trainer: Any) -> None:
        gradients.update({name: weight.grad.clone() for name, weight in trainer.model.named_parameters()})

    found = _with_gradients(workbench, plan, caught)
    model = AutoModelForCausalLM.from_pretrained(workbench.root / "base")
    total, learnt = torch.zeros(()), 0
    for ids, labels in _rows(data):
        scores = model(input_ids=torch.tensor([ids])).logits[0, :-1]
        wanted = torch.tensor(labels[1:])
        total = total + cross_entropy(scores, wanted, ignore_index=-100, reduction="sum")
        learnt += int((wanted != -100).sum())
    (total / learnt).backward()
    assert (found["data"]["train"]["blocks"] < 8) == packing
    assert found["metrics"]["first_loss"] == pytest.approx(float(total.detach()) / learnt, rel=1e-5)
    for name, weight in model.named_parameters():
        assert torch.allclose(gradients[name], weight.grad, atol=1e-6), name


def _with_gradients(workbench: Any, plan: Any, caught: Any) -> Mapping[str, Any]:
    """A run whose gradients are looked at before they are clipped away."""
    from brickyard_pipelines.finetuning.training import trainer

    original = trainer.BlockTrainer._clip_grad_norm
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(
            trainer.BlockTrainer, "_clip_grad_norm", lambda self, model: (caught(self), original(self, model))[1]
        )
        return workbench.train(plan)  # type: ignore[no-any-return]


def _rows(data: Path) -> list[tuple[list[int], list[int]]]:
    """Ids and labels of each row of the frozen version, token by token."""
    from brickyard_pipelines.finetuning.preparation.version import open_version

    rows = []
    for batch in open_version(data).batches("train"):
        for row in batch.to_pylist():
            spans = list(zip(row["begins"], row["ends"], strict=True))
            learnt = [any(b <= at < e for b, e in spans) for at in range(len(row["ids"]))]
            rows.append((row["ids"], [token if keep else -100 for token, keep in zip(row["ids"], learnt, strict=True)]))
    return rows


def test_a_loss_that_is_no_number_stops_the_run_and_leaves_no_checkpoint(workbench: Any) -> None:
    from transformers import AutoModelForCausalLM

    model = AutoModelForCausalLM.from_pretrained(workbench.root / "base")
    model.model.layers[0].mlp.up_proj.weight.data[0, 0] = float("nan")
    model.save_pretrained(workbench.root / "base")
    with pytest.raises(TrainingStopped, match=r"step 1: the loss is nan\. Lower training.learning_rate"):
        workbench.train(workbench.plan(checkpoint_every=1))
    assert not list((workbench.root / "out").glob("checkpoints/step-*"))


def test_training_stops_when_evaluations_gain_nothing_and_the_best_model_is_kept(workbench: Any) -> None:
    from transformers import AutoModelForCausalLM

    workbench.rows([{"prompt": "Who is Ada?", "response": "Somebody else."}], "eval.jsonl")
    how = {"duration": "200ba", "evaluate_every": 5, "checkpoint_every": 100, "patience": 2, "batch_size": 8}
    found = workbench.train(workbench.plan(data={"eval": [{"path": "eval.jsonl"}]}, **how))
    assert found["stop_reason"] == "early stop: 2 evaluations without gain"
    assert found["steps"] == found["best_step"] + 10 < 200
    losses = {each["step"]: each["eval_loss"] for each in workbench.curve() if "eval_loss" in each}
    assert losses[found["best_step"]] == min(losses.values()) == found["metrics"]["eval_loss"]
    out = workbench.root / "out"
    kept = AutoModelForCausalLM.from_pretrained(out / "checkpoints" / f"step-{found['best_step']:06d}")
    assert (logits(AutoModelForCausalLM.from_pretrained(out / "merged")) == logits(kept)).all()


def test_a_finished_run_is_found_and_another_one_may_not_use_its_output(workbench: Any) -> None:
    plan = workbench.plan(duration="2ba")
    found = workbench.train(plan)
    merged = workbench.root / "out" / "merged" / "model.safetensors"
    before = merged.stat().st_mtime_ns
    assert workbench.train(plan) == json.loads((workbench.root / "out" / "training.json").read_text())
    assert merged.stat().st_mtime_ns == before
    assert {"run_id", "data_version", "base_model", "approach", "tokens_seen", "stop_reason"} <= set(found)
    assert found["base_model"]["licence"] == "mit"
    assert all(damage(each) is None for each in (workbench.root / "out" / "checkpoints").glob("step-*"))
    with pytest.raises(OutputTaken, match="got another training than the run that was begun there"):
        workbench.train(workbench.plan(duration="3ba"))


def test_two_runs_do_not_share_an_output(workbench: Any) -> None:
    import fcntl

    (workbench.root / "out").mkdir()
    with (workbench.root / "out" / ".lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        with pytest.raises(OutputTaken, match="another training writes there"):
            workbench.train(workbench.plan())


def test_what_this_machine_cannot_do_is_refused_by_name(workbench: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    import torch

    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    with pytest.raises(CannotTrainHere, match=r"qlora|bitsandbytes"):
        workbench.train(workbench.plan(method="qlora", hardware={"accelerator": "A10"}))
    with pytest.raises(CannotTrainHere, match=r"hardware\.accelerator: got 'A10' on a machine without a CUDA device"):
        workbench.train(workbench.plan(hardware={"accelerator": "A10"}))


def test_a_model_that_does_not_fit_its_data_is_refused(workbench: Any) -> None:
    data = workbench.data(workbench.plan())
    config = workbench.root / "base" / "config.json"
    config.write_text(config.read_text().replace('"max_position_embeddings": 128', '"max_position_embeddings": 32'))
    with pytest.raises(UnsupportedModel, match=r"got 64 as data\.context_length; the model has 32 positions"):
        workbench.train(workbench.plan())
    settings = workbench.root / "base" / "tokenizer_config.json"
    settings.write_text(settings.read_text() + "\n")
    from brickyard_pipelines.finetuning.training.task import checked

    plan = workbench.plan()
    with pytest.raises(UnsupportedModel, match="tokens of another tokenizer"):
        checked(plan, root=workbench.root, model=plan.base_models[0], data=data, output=workbench.root / "out")
    weights = workbench.root / "base" / "model.safetensors"
    weights.rename(weights.with_name("pytorch_model.bin"))
    with pytest.raises(UnsupportedModel, match=r"weights as \.bin; weights are \*\.safetensors"):
        workbench.train(plan)


def test_steps_are_counted(workbench: Any) -> None:
    found = workbench.train(workbench.plan(duration="2ep", gradient_accumulation=2, keep_checkpoints=1))
    assert found["steps"] == 2
    assert found["tokens_seen"] == 2 * found["data"]["train"]["tokens"]
    folders = (workbench.root / "out" / "checkpoints").iterdir()
    assert [step_of(each) for each in folders if not each.name.startswith(".")] == [2]


def test_a_run_and_its_continuation_are_one_mlflow_run(
    workbench: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    import mlflow

    from brickyard_pipelines.finetuning.training import run

    mlflow.set_tracking_uri(f"sqlite:///{tmp_path}/mlflow.db")
    mlflow.MlflowClient().create_experiment("/tiny", artifact_location=str(tmp_path / "artifacts"))
    plan = workbench.plan(sample_prompts=["Who is Bo?"])
    try:
        with monkeypatch.context() as patch:
            patch.setattr(run.merging, "write", lambda *_: {}["cut off before the model is written"])
            with pytest.raises(KeyError):
                workbench.train(plan, experiment="/tiny")
        found = workbench.train(plan, experiment="/tiny")
        (known,) = mlflow.search_runs(experiment_names=["/tiny"], output_format="list")
        client = mlflow.MlflowClient()
        curve = {each.step: each.value for each in client.get_metric_history(known.info.run_id, "loss")}
        artifacts = [each.path for each in client.list_artifacts(known.info.run_id, "samples")]
    finally:
        mlflow.set_tracking_uri(None)
    assert found["mlflow_run_id"] == known.info.run_id
    assert curve == {entry["step"]: entry["loss"] for entry in workbench.curve() if "loss" in entry}
    assert known.data.metrics["tokens_seen"] == found["tokens_seen"]
    assert known.data.params["training.learning_rate"] == "0.01"
    assert known.data.tags["brickyard.data_version"] == known.data.params["data_version"] == found["data_version"]
    assert artifacts == [f"samples/step-{step:06d}.json" for step in (0, 2, 4)]
