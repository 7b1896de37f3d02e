"""Terraform expressions, written by hand where cdktf has no words for them."""

import json


def quoted(text: str) -> str:
    r"""A text as a literal of an expression; what would be a reference in it stays text.

    >>> quoted('a "b" ${c}')
    '"a \\"b\\" $${c}"'
    """
    return json.dumps(text, ensure_ascii=False).replace("${", "$${").replace("%{", "%%{")
