"""Sources to a frozen version: every row kept, quarantined with its place, or removed; every count adds up."""

import json
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import tiny_models
from brickyard_pipelines.finetuning.errors import OutputTaken, UnusableData
from brickyard_pipelines.finetuning.plan import parse_plan
from brickyard_pipelines.finetuning.preparation.prepare import prepare
from brickyard_pipelines.finetuning.preparation.version import Version, open_version

ONCE = settings(max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
NUMBERS = ("zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine")
GOOD = [{"prompt": f"What follows {a} {b}?", "response": f"{b} and {a}."} for a in NUMBERS for b in NUMBERS[:2]]


def chat(*turns: tuple[str, str]) -> dict[str, Any]:
    return {"messages": [{"role": role, "content": content} for role, content in turns]}


@pytest.fixture
def run(tmp_path: Path, model_folder: Any) -> Callable[..., Version]:
    def once(
        data: Mapping[str, Any] | None = None, *, approach: str = "supervised", template: Any = "chatml"
    ) -> Version:
        block = {"train": [{"path": "train.jsonl"}], "near_duplicates": {"remove": False}} | dict(data or {})
        block["limits"] = {"quarantined": 1.0, "leaked": 1.0, "min_rows": 1} | dict(block.get("limits", {}))
        plan = parse_plan(
            json.dumps(
                {
                    "name": "p",
                    "use_case": "u",
                    "approach": approach,
                    "accepted_licences": ["mit"],
                    "base_models": [{"name": "m", "path": "m", "licence": "mit"}],
                    "training": {"precision": "fp32"},
                    "data": block,
                }
            )
        )
        return prepare(plan, root=tmp_path, model=model_folder(template), output=tmp_path / "out")

    return once


def write(folder: Path, rows: Iterable[Any], name: str = "train.jsonl") -> None:
    lines = [row if isinstance(row, bytes) else json.dumps(row).encode() for row in rows]
    (folder / name).write_bytes(b"\n".join(lines) + b"\n")


def quarantined(version: Version) -> list[dict[str, Any]]:
    return [json.loads(line) for line in (version.folder / "quarantine.jsonl").read_text().splitlines()]


def kept(version: Version, split: str = "train") -> list[dict[str, Any]]:
    return [json.loads(row) for batch in version.batches(split) for row in batch["row"].to_pylist()]


@pytest.mark.parametrize(
    ("bad", "reason", "said"),
    [
        (b'{"prompt": "a", "response": \xff"b"}', "not_utf8", "byte 0xff at column 29"),
        (b'{"prompt": "a", ', "not_json", "Expecting"),
        (b'{"prompt": "a", "response": "b", "response": "c"}', "repeated_key", "the key 'response' twice"),
        (b'{"prompt": "a", "response": "b", "more": [{"x": 1, "x": 1}]}', "repeated_key", "the key 'x' twice"),
        (b'{"prompt": "a \\ud83d", "response": "b"}', "not_utf8", "half of a character"),
        (b"[1, 2]", "not_an_object", "[1, 2]"),
        ({"prompt": "a", "response": "x" * 10_000_000}, "too_many_bytes", "10,000,032 bytes"),
        ({"prompt": "a", "response": "one " * 400}, "too_long", "tokens"),
        ({"prompt": "a", "response": " "}, "empty", "an empty response"),
        ({"prompt": 3, "response": "b"}, "wrong_type", "int 3 in prompt"),
        ({"instruction": "a", "output": "b"}, "other_shape", "alpaca with the keys"),
        ({"question": "a"}, "unknown_shape", "question"),
    ],
)
def test_a_bad_row_is_quarantined_with_its_line_and_the_rest_goes_on(
    run: Any, tmp_path: Path, bad: Any, reason: str, said: str
) -> None:
    write(tmp_path, [*GOOD[:3], bad, *GOOD[3:]])
    version = run({"max_row_bytes": 50_000, "context_length": 300})
    (entry,) = quarantined(version)
    assert (entry["reason"], entry["line"]) == (reason, 4)
    assert said in entry["got"]
    assert all(entry[part] for part in ("rule", "fix"))
    assert version.rows("train") == len(GOOD)


@pytest.mark.parametrize(
    ("turns", "reason", "said"),
    [
        ([("user", "a"), ("user", "b"), ("assistant", "c")], "wrong_order", "user as messages[1] after user"),
        ([("assistant", "c")], "wrong_order", "assistant as messages[0] after nothing"),
        ([("user", "a"), ("assistant", "b"), ("user", "c")], "wrong_order", "user last"),
        ([("user", "a"), ("system", "s"), ("assistant", "b")], "wrong_order", "system as messages[1]"),
        ([("user", "a")], "no_assistant", "1 messages"),
        ([("narrator", "a"), ("assistant", "b")], "wrong_role", "'narrator' as messages[0].role"),
        ([("user", "a"), ("tool", "1"), ("assistant", "b")], "tool_without_call", "messages[1]"),
    ],
)
def test_roles_in_a_wrong_order_are_quarantined(
    run: Any, tmp_path: Path, turns: list[tuple[str, str]], reason: str, said: str
) -> None:
    write(tmp_path, [chat(("user", "Hi"), ("assistant", "Hello")), chat(*turns)])
    (entry,) = quarantined(run(approach="chat_completion"))
    assert (entry["reason"], entry["line"]) == (reason, 2)
    assert said in entry["got"]


@pytest.mark.parametrize(
    "row",
    [
        {"prompt": "Hi", "response": "Hello"},
        {"instruction": "Hi", "input": "", "output": "Hello"},
        {"conversations": [{"from": "human", "value": "Hi"}, {"from": "gpt", "value": "Hello"}]},
        chat(("user", "Hi"), ("assistant", "Hello")),
        {
            "messages": [
                {"role": "user", "content": [{"type": "text", "text": "Hi"}]},
                chat(("assistant", "Hello"))["messages"][0],
            ]
        },
    ],
)
def test_every_shape_becomes_the_same_conversation(run: Any, tmp_path: Path, row: Any) -> None:
    write(tmp_path, [row])
    assert kept(run(approach="chat_completion")) == [chat(("user", "Hi"), ("assistant", "Hello"))]


def test_an_empty_file_and_one_row_too_few_are_refused_by_count(run: Any, tmp_path: Path) -> None:
    write(tmp_path, [])
    with pytest.raises(UnusableData, match=r"data.train: got 0 rows of 0 read; at least 1"):
        run()
    write(tmp_path, GOOD[:1])
    with pytest.raises(UnusableData, match="got 1 rows of 1 read; at least 10"):
        run({"limits": {"min_rows": 10}})


def test_too_many_bad_rows_refuse_the_data_and_quote_the_first(run: Any, tmp_path: Path) -> None:
    write(tmp_path, [*GOOD, {"prompt": "a"}, {"prompt": "b"}])
    with pytest.raises(UnusableData, match=r"2 of 22 rows quarantined \(unknown_shape|train.jsonl:21") as refused:
        run({"limits": {"quarantined": 0.05}})
    assert "train.jsonl:21: got" in str(refused.value)


def test_equal_rows_stay_once_and_a_second_row_of_an_id_is_quarantined(run: Any, tmp_path: Path) -> None:
    write(
        tmp_path,
        [
            *({"id": i, **row} for i, row in enumerate(GOOD)),
            {"id": 90, **GOOD[3]},
            {"id": 0, "prompt": "a", "response": "b"},
        ],
    )
    version = run()
    counts = version.manifest["splits"]["train"]
    assert (counts["kept"], counts["removed"], counts["quarantined"]) == (20, {"duplicate": 1}, {"duplicate_id": 1})
    removed = json.loads((version.folder / "removed.jsonl").read_text())
    assert (removed["line"], removed["same_as"].rsplit(":")[-1]) == (21, "4")


def test_nearly_equal_rows_stay_once(run: Any, tmp_path: Path) -> None:
    long = "The house was built of brick by people who knew how to lay it, row upon row, until the roof was on."
    rows = [{"text": long + f" {words} later"} for words in ("A year", "A year,", "a  YEAR")]
    write(tmp_path, [*rows, {"text": "Nothing of the kind stands here at all."}])
    version = run({"near_duplicates": {"remove": True}}, approach="continued_pretraining")
    assert version.manifest["splits"]["train"]["removed"] == {"near_duplicate": 2}
    assert version.rows("train") == 2


def test_rows_that_are_held_out_are_not_learnt_from(run: Any, tmp_path: Path) -> None:
    write(tmp_path, GOOD)
    write(tmp_path, [GOOD[0], {"prompt": GOOD[1]["prompt"], "response": "other words"}], "eval.jsonl")
    version = run({"eval": [{"path": "eval.jsonl"}]})
    assert version.rows("eval") == 2
    assert version.manifest["splits"]["train"]["removed"] == {"leaked_duplicate": 1, "leaked_prompt": 1}


def test_eval_equal_to_train_is_refused(run: Any, tmp_path: Path) -> None:
    write(tmp_path, GOOD)
    write(tmp_path, GOOD, "eval.jsonl")
    with pytest.raises(UnusableData, match="20 rows that stand in eval or test too, which hold 20"):
        run({"eval": [{"path": "eval.jsonl"}], "limits": {"leaked": 0.2}})


def test_a_share_is_held_out_by_group(run: Any, tmp_path: Path) -> None:
    write(tmp_path, [{"topic": row["prompt"].split()[2], **row} for row in GOOD])
    version = run({"split": {"eval": 0.3, "test": 0.3, "by": "topic"}, "slices": ["topic"]})
    topics = {
        split: {json.loads(each)["topic"] for b in version.batches(split) for each in b["slices"].to_pylist()}
        for split in ("train", "eval", "test")
    }
    assert all(topics.values())
    assert not topics["train"] & (topics["eval"] | topics["test"])
    assert sum(map(version.rows, topics)) == len(GOOD)


def test_the_same_data_is_the_same_version_and_other_data_another(run: Any, tmp_path: Path) -> None:
    write(tmp_path, GOOD)
    first = run()
    assert run().id == first.id
    assert run({"context_length": 512}).id != first.id
    write(tmp_path, GOOD[:-1])
    assert run().id != first.id


def test_a_version_that_was_changed_is_not_read(run: Any, tmp_path: Path) -> None:
    write(tmp_path, GOOD)
    version = run()
    with (version.folder / "train-00000.parquet").open("ab") as file:
        file.write(b"x")
    with pytest.raises(UnusableData, match="a version is frozen"):
        open_version(version.folder)


def test_two_preparations_do_not_share_an_output(run: Any, tmp_path: Path) -> None:
    import fcntl

    write(tmp_path, GOOD)
    (tmp_path / "out").mkdir()
    with (tmp_path / "out" / ".lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        with pytest.raises(OutputTaken):
            run()


def test_the_sources_of_every_format_give_the_same_rows(run: Any, tmp_path: Path) -> None:
    import pandas as pd

    table = pd.DataFrame(GOOD).rename(columns={"prompt": "question", "response": "answer"})
    table.to_csv(tmp_path / "t.csv", index=False)
    table.to_parquet(tmp_path / "t.parquet")
    columns = {"prompt": "question", "response": "answer"}
    write(tmp_path, GOOD)
    expected = kept(run())
    for name in ("t.csv", "t.parquet"):
        assert kept(run({"train": [{"path": name, "columns": columns}]})) == expected


def test_a_quote_that_stays_open_is_told_where_it_opens_and_what_it_takes_in(run: Any, tmp_path: Path) -> None:
    (tmp_path / "train.csv").write_text('prompt,response\na,b\n"opens,c\nd,e\nf,g\n')
    version = run({"train": [{"path": "train.csv"}]})
    (row,) = quarantined(version)
    assert (row["line"], row["got"]) == (3, "lines 3 to 5: unexpected end of data")
    assert len(kept(version)) == 1


def test_a_character_of_two_escapes_is_kept(run: Any, tmp_path: Path) -> None:
    write(tmp_path, [b'{"prompt": "a \\ud83d\\ude00", "response": "b"}'])
    assert "\U0001f600" in json.dumps(kept(run()), ensure_ascii=False)


def test_documents_of_a_folder_are_read_whole(run: Any, tmp_path: Path) -> None:
    import zipfile

    docs = tmp_path / "docs"
    (docs / "deep").mkdir(parents=True)
    (docs / "a.txt").write_text("One line.\n\nAnother one.\n")
    (docs / "deep" / "b.html").write_text(
        "<style>p{}</style><h1>Title</h1><p>Words &amp; more</p><script>no()</script>"
    )
    space = "http://schemas.openxmlformats.org/wordprocessingml/2006/main"
    with zipfile.ZipFile(docs / "c.docx", "w") as word:
        word.writestr("word/document.xml", f'<w:d xmlns:w="{space}"><w:p><w:t>Written</w:t></w:p></w:d>')
    version = run({"train": [{"path": "docs"}]}, approach="continued_pretraining", template=None)
    assert [row["text"] for row in kept(version)] == ["One line.\n\nAnother one.\n", "Written", "Title\n\nWords & more"]
    (docs / "d.exe").write_bytes(b"x")
    with pytest.raises(UnusableData, match=r"files of the kind .exe"):
        run({"train": [{"path": "docs"}]}, approach="continued_pretraining", template=None)


def test_what_looks_personal_is_counted_or_quarantined(run: Any, tmp_path: Path) -> None:
    write(tmp_path, [*GOOD, {"prompt": "Who?", "response": "ada@example.org"}])
    version = run()
    assert version.manifest["splits"]["train"]["pii"] == {"email": 1}
    assert "ada@example.org" not in json.dumps(dict(version.manifest))
    assert [entry["reason"] for entry in quarantined(run({"pii": "quarantine"}))] == ["pii"]


def test_a_text_that_says_a_special_token_is_quarantined_unless_it_is_meant(run: Any, tmp_path: Path) -> None:
    """An answer that says <|im_end|> would end there, and what follows would be another turn."""
    said = {"prompt": "What ends a turn?", "response": "Two words, then <|im_end|> and then some."}
    write(tmp_path, [*GOOD, said])
    version = run()
    (entry,) = quarantined(version)
    assert (entry["reason"], entry["line"]) == ("special_text", len(GOOD) + 1)
    assert "<|im_end|> in 'Two words" in entry["got"]
    assert said["response"] in str(kept(run({"special_tokens": "keep"}))[-1])
    write(tmp_path, [{"text": "A document.<|im_end|>Another."}, {"text": "A third, of <b>many</b> words."}])
    texts = run(approach="continued_pretraining")
    assert [entry["reason"] for entry in quarantined(texts)] == ["special_text"]


def with_tools(
    what: str, *, argument: str = "x", description: str = "Looks it up.", name: str = "look", answers: str = "call-1"
) -> dict[str, Any]:
    function = {"name": "look", "arguments": json.dumps({"for": argument})}
    call = {"role": "assistant", "content": "", "tool_calls": [{"type": "function", "function": function}]}
    said = {"role": "tool", "content": what, "name": name, "tool_call_id": answers}
    turns = [{"role": "user", "content": what}, call, said]
    tool = {"type": "function", "function": {"name": "look", "description": description}}
    return {"messages": [*turns, {"role": "assistant", "content": what}], "tools": [tool]}


@pytest.mark.parametrize("token", ["<|im_end|>", "<\uff5cend\u2581of\u2581text\uff5c>"])
@pytest.mark.parametrize("place", ["argument", "description", "name", "answers"])
def test_a_special_token_in_a_tool_call_or_a_tool_is_quarantined(
    run: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, token: str, place: str
) -> None:
    """Templates print calls and tools with their characters, and there the tokenizer reads the token."""
    from tokenizers import Tokenizer

    tokenizer = Tokenizer.from_str(tiny_models.tokenizer_json())
    tokenizer.add_special_tokens([token])
    whole = tokenizer.to_str()
    monkeypatch.setattr(tiny_models, "tokenizer_json", lambda: whole)
    write(tmp_path, [with_tools("Hi"), with_tools("Who?", **{place: f"Ends in {token} here."})])
    (entry,) = quarantined(run(approach="chat_completion", template="tools"))
    assert (entry["reason"], entry["line"]) == ("special_text", 2)
    assert f"{token} in " in entry["got"]


def test_personal_data_in_a_tool_is_counted(run: Any, tmp_path: Path) -> None:
    write(tmp_path, [with_tools("Hi"), with_tools("Who?", description="Asks\nada@example.org.")])
    version = run(approach="chat_completion", template="tools")
    assert version.manifest["splits"]["train"]["pii"] == {"email": 1}


def test_rows_that_are_offered_the_same_tools_are_no_near_duplicates_for_that(run: Any, tmp_path: Path) -> None:
    tools = " ".join(f"It takes {a} and {b}." for a in NUMBERS for b in NUMBERS)
    write(tmp_path, [with_tools(what, description=tools) for what in ("How high is Everest?", "Who wrote Faust?")])
    data = {"near_duplicates": {"remove": True}, "context_length": 9_000}
    assert len(kept(run(data, approach="chat_completion", template="tools"))) == 2


def test_the_report_shows_what_is_learnt_and_prints_no_markup_of_a_row(run: Any, tmp_path: Path) -> None:
    write(tmp_path, [{"prompt": "<script>x</script>", "response": "Two."}])
    page = (run().folder / "report.html").read_text()
    assert "<mark>Two.&lt;|im_end|&gt;</mark>" in page
    assert "<script>" not in page


_VALUES = st.text(max_size=6) | st.integers() | st.none() | st.lists(st.text(max_size=3), max_size=2)
_LINES = st.dictionaries(st.sampled_from(["prompt", "response", "messages", "id", "text"]), _VALUES) | st.binary(
    max_size=30
)


@ONCE
@given(st.lists(_LINES, max_size=12))
def test_whatever_is_read_every_row_is_accounted_for(run: Any, tmp_path: Path, rows: list[Any]) -> None:
    write(tmp_path, [*GOOD[:2], *rows])
    lines = [line for line in (tmp_path / "train.jsonl").read_bytes().split(b"\n") if line.strip()]
    counts = run().manifest["splits"]["train"]
    gone = sum(counts["quarantined"].values()) + sum(counts["removed"].values())
    assert counts["read"] == len(lines) == counts["kept"] + gone
