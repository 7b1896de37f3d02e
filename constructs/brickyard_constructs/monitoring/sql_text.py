"""SQL text from parts: names and values are quoted here, and nowhere else.

Source: docs.databricks.com/aws/en/sql/language-manual/sql-ref-identifiers, …/data-types/string-type
"""

from brickyard_constructs.checks import check_full_name


def identifier(name: str) -> str:
    """A column's or an object's name.

    >>> identifier("a`b")
    '`a``b`'
    """
    return "`" + name.replace("`", "``") + "`"


def table(full_name: str) -> str:
    """A three-level name. Errors: InvalidProps.

    >>> table("c.s.my-table")
    '`c`.`s`.`my-table`'
    """
    check_full_name("table", full_name)
    return ".".join(identifier(part) for part in full_name.split("."))


def text(value: str) -> str:
    r"""A text.

    >>> text("it's a \\ b")
    "'it\\'s a \\\\ b'"
    """
    return "'" + value.replace("\\", "\\\\").replace("'", "\\'") + "'"
