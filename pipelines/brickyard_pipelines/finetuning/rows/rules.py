"""What rows of each approach keep. Pure.

Source: data preparation of the retired Foundation Model Fine-tuning (system first, turns alternate, an assistant last),
here with tools: calls are followed by their results
"""

from brickyard_pipelines.finetuning.plan.document import Approach
from brickyard_pipelines.finetuning.rows.canonical import Conversation, Message, Pair, Row, Text, conversation_of
from brickyard_pipelines.finetuning.rows.refusals import Reason, RowRefused, shown

_AFTER = {"user": ("assistant",), "assistant": ("user",), "tool": ("assistant", "tool")}


def fitted(row: Row, approach: Approach, system_prompt: str | None, *, as_chat: bool) -> Row:
    """The row as its approach takes it: a pair becomes two turns where the model has a chat template (`as_chat`).

    Errors: RowRefused when it does not fit, is empty, or its roles are in a wrong order.
    """
    checked(row)
    if approach == "continued_pretraining":
        if isinstance(row, Text):
            return row
        raise _other("text", row, "Choose supervised or chat_completion for rows with answers.")
    if isinstance(row, Text):
        raise _other("a prompt and its answer", row, "Choose continued_pretraining for plain text.")
    if isinstance(row, Pair):
        return conversation_of(row, system_prompt) if as_chat else row
    if approach == "supervised" and sum(message.role == "user" for message in row.messages) != 1:
        raise _other("one prompt and one response", row, "Choose chat_completion for several turns.")
    if system_prompt and row.messages[0].role != "system":
        turns = (Message(role="system", content=system_prompt), *row.messages)
        return Conversation(messages=turns, tools=row.tools)
    return row


def checked(row: Row) -> None:
    """Nothing where the row keeps the rules.

    Errors: RowRefused with the message that breaks one.
    """
    if isinstance(row, Conversation):
        _check_order(row.messages)
        return
    for name, text in row.as_json().items():
        if not text.strip():
            raise RowRefused(Reason.EMPTY, f"an empty {name}", "a row has something to learn", f"Fill {name}.")


def _check_order(messages: tuple[Message, ...]) -> None:
    if not any(message.role == "assistant" for message in messages):
        fix = "Add the assistant's answer."
        raise RowRefused(Reason.NO_ASSISTANT, f"{len(messages)} messages", "an assistant answers", fix)
    for number, message in enumerate(messages):
        before = messages[number - 1] if number else None
        if not message.content.strip() and not message.tool_calls:
            fix = "Fill it, or leave the row out."
            raise RowRefused(Reason.EMPTY, f"an empty messages[{number}]", "every message says something", fix)
        _check_place(message, before, number)
    if messages[-1].role != "assistant":
        got = f"{messages[-1].role} last"
        raise RowRefused(Reason.WRONG_ORDER, got, "the assistant has the last word", "Cut what follows it.")
    if not any(message.role == "assistant" and message.learnt for message in messages):
        raise RowRefused(Reason.NO_LOSS, "weight 0 throughout", "something is learnt", "Give a turn weight 1.")


def _check_place(message: Message, before: Message | None, number: int) -> None:
    role = message.role
    if role == "tool":
        if before is None or not (before.tool_calls or before.role == "tool"):
            got = f"a tool's result as messages[{number}] without a call"
            raise RowRefused(Reason.TOOL_WITHOUT_CALL, got, "a result follows its call", "Add tool_calls before it.")
        return
    if role == "system":
        if before is not None:
            got = f"system as messages[{number}]"
            raise RowRefused(Reason.WRONG_ORDER, got, "a system prompt comes first, once", "Move it to the front.")
        return
    wanted = "user" if before is None or before.role == "system" else None
    fits = role == wanted if wanted else before is not None and role in _AFTER[before.role] and not _waits(before, role)
    if not fits:
        got = f"{role} as messages[{number}] after {before.role if before else 'nothing'}"
        fix = "Join neighbours of one role, and begin with the user."
        raise RowRefused(Reason.WRONG_ORDER, got, "user and assistant take turns", fix)


def _waits(before: Message, role: str) -> bool:
    """A call waits for its result: a user may not come between."""
    return before.role == "assistant" and bool(before.tool_calls) and role == "user"


def _other(wanted: str, row: Row, fix: str) -> RowRefused:
    got = f"{type(row).__name__.lower()} {shown(row.parts()[0], 40)}"
    return RowRefused(Reason.OTHER_APPROACH, got, f"this approach learns {wanted}", fix)
