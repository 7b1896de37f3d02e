"""The model card: what it is, from what, how it was trained and judged, and what is not known. Pure."""

from collections.abc import Mapping
from typing import Any

import yaml


def card(plan_name: str, use_case: str, training: Mapping[str, Any], evaluation: Mapping[str, Any]) -> str:
    """Markdown behind YAML, as huggingface_hub's ModelCard reads it."""
    base, facts = training["base_model"], evaluation.get("facts", {})
    head = {
        "license": str(base["licence"]).lower(),
        "base_model": base["name"],
        "library_name": "transformers",
        "pipeline_tag": "text-generation",
        "tags": ["fine-tuned", training["approach"]],
    }
    criteria = [f"- {each['name']}: {each['said']} (needed: {each['needed']})" for each in evaluation["conditions"]]
    advice = [f"- {each['means']} {each['do']}" for each in evaluation["advice"]]
    lines = [
        "---",
        yaml.safe_dump(head, sort_keys=False).strip(),
        "---",
        "",
        f"# {plan_name}",
        "",
        use_case,
        "",
        "## Where it comes from",
        "",
        f"- base model: {base['name']}, licence {base['licence']}, sha256 {base['sha256']}",
        f"- data: version {training['data_version']}",
        f"- training: {training['approach']}, run {training['run_id']}, ended: {training.get('stop_reason', 'done')}",
        "",
        "## How it was judged",
        "",
        f"On {facts.get('questions', 'untouched')} questions that it has not learnt from, beside {evaluation['base']}.",
        "",
        *criteria,
        "",
        "## What is known of its limits",
        "",
        *(advice or ["- Nothing but what the criteria ask was looked at."]),
        "",
    ]
    return "\n".join(lines)
