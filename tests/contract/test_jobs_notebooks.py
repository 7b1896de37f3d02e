"""Notebook tasks: notebooks of the workspace, run cell by cell, driven by the unmodified databricks-sdk."""

import contextlib
import io
import json
import secrets
import textwrap
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import pytest
from databricks.sdk import WorkspaceClient
from databricks.sdk.errors import OperationFailed
from databricks.sdk.service.jobs import Run, RunOutput
from databricks.sdk.service.workspace import ImportFormat, Language

from brickyard_local.pytest_plugin import LocalWorkspace

MINUTE = timedelta(minutes=1)
COMMAND = "\n# COMMAND ----------\n"


@dataclass(frozen=True, kw_only=True, slots=True)
class Notebooks:
    """Imports notebooks into a folder of this test's own, and runs them."""

    client: WorkspaceClient
    folder: str

    def add(self, name: str, *cells: str) -> str:
        """Its path."""
        source = "# Databricks notebook source\n" + COMMAND.join(textwrap.dedent(cell).strip("\n") for cell in cells)
        path = f"{self.folder}/{name}"
        self.client.workspace.mkdirs(path.rsplit("/", 1)[0])
        self.client.workspace.upload(
            path, io.BytesIO(source.encode()), format=ImportFormat.SOURCE, language=Language.PYTHON, overwrite=True
        )
        return path

    def run(self, *tasks: dict[str, Any], **settings: Any) -> Run:
        """Run the tasks of a job to the end."""
        body = {"name": "notebooks", "tasks": list(tasks), **settings}
        job = int(self.client.api_client.do("POST", "/api/2.2/jobs/create", body=body)["job_id"])
        waiter = self.client.jobs.run_now(job)
        with contextlib.suppress(OperationFailed):
            waiter.result(timeout=MINUTE)
        return self.client.jobs.get_run(waiter.run_id)

    def output(self, path: str, **notebook: Any) -> RunOutput:
        """What a job of one notebook leaves."""
        run = self.run(task("one", path, **notebook))
        return self.client.jobs.get_run_output(run.tasks[0].run_id)


def task(key: str, path: str, *, after: str | None = None, **notebook: Any) -> dict[str, Any]:
    depends = {"depends_on": [{"task_key": after}]} if after else {}
    return {"task_key": key, "notebook_task": {"notebook_path": path, **notebook}, **depends}


@pytest.fixture
def notebooks(client: WorkspaceClient) -> Notebooks:
    folder = f"/Shared/notebooks-{secrets.token_hex(4)}"
    client.workspace.mkdirs(folder)
    return Notebooks(client=client, folder=folder)


def test_cells_share_their_variables_and_the_exit_value_is_the_result(notebooks: Notebooks) -> None:
    path = notebooks.add(
        "main",
        "dbutils.widgets.text('greeting', 'hello')\ndbutils.widgets.text('name', 'nobody')",
        "# MAGIC %md\n# MAGIC ## A title\n# MAGIC that nobody runs",
        "text = dbutils.widgets.get('greeting') + ' ' + dbutils.widgets.get('name')\nprint('said', text)",
        "text.upper()",
        "dbutils.notebook.exit(text)",
        "print('never')",
    )
    output = notebooks.output(path, base_parameters={"name": "{{task.name}}"})
    assert output.error is None
    assert output.notebook_output.result == "hello one"
    assert output.notebook_output.truncated is False
    assert output.logs == "said hello one\n'HELLO ONE'\n"


def test_job_parameters_win_over_the_notebooks_own_and_values_reach_later_tasks(notebooks: Notebooks) -> None:
    first = notebooks.add("first", "dbutils.jobs.taskValues.set('rows', 3)", "print(dbutils.widgets.getAll())")
    second = notebooks.add(
        "second", "dbutils.notebook.exit(dbutils.jobs.taskValues.get('first', 'rows', debugValue=0) * 2)"
    )
    run = notebooks.run(
        task("first", first, base_parameters={"stage": "own", "x": "1"}),
        task("second", second, after="first"),
        parameters=[{"name": "stage", "default": "job"}],
    )
    outputs = [notebooks.client.jobs.get_run_output(each.run_id) for each in run.tasks]
    assert outputs[0].logs == "{'stage': 'job', 'x': '1'}\n"
    assert outputs[0].notebook_output.result is None
    assert outputs[1].notebook_output.result == "6"


def test_an_error_names_the_notebook_the_cell_and_the_line(notebooks: Notebooks) -> None:
    path = notebooks.add("failing", "def f(x):\n    return 1 / x", "a = 0\n\nf(a)")
    output = notebooks.output(path)
    assert output.error == "ZeroDivisionError: division by zero"
    assert f'File "{path}, cell 2", line 3, in <module>' in output.error_trace
    assert f'File "{path}, cell 1", line 2, in f\n    return 1 / x' in output.error_trace
    assert "notebook_run.py" not in output.error_trace
    assert output.notebook_output.result is None
    assert output.metadata.state.result_state.value == "FAILED"


def test_other_notebooks_are_run_in_place_or_in_a_process_of_their_own(notebooks: Notebooks) -> None:
    notebooks.add("shared/helpers", "def double(x): return 2 * x", "limit = int(dbutils.widgets.get('limit'))")
    notebooks.add("child", "import os", "dbutils.notebook.exit(f\"{dbutils.widgets.get('n')}:{os.getpid()}\")")
    notebooks.add("broken", "raise RuntimeError('on purpose')")
    path = notebooks.add(
        "main",
        '# MAGIC %run ./shared/helpers $limit="20"',
        """
        import json, os
        n, pid = dbutils.notebook.run("./child", 60, {"n": 5}).split(":")
        try:
            dbutils.notebook.run("broken", 60)
        except Exception as error:
            said = str(error)
        """,
        "dbutils.notebook.exit(json.dumps([double(limit), n, int(pid) != os.getpid(), said]))",
    )
    output = notebooks.output(path)
    assert output.error is None, output.logs
    doubled, n, own_process, said = json.loads(output.notebook_output.result)
    assert (doubled, n, own_process) == (40, "5", True)
    assert said == f"Notebook {notebooks.folder}/broken failed: RuntimeError: on purpose"


def test_jupyter_notebooks_run_with_modules_of_their_folder(notebooks: Notebooks) -> None:
    module = f"{notebooks.folder}/near.py"
    notebooks.client.workspace.upload(module, io.BytesIO(b"VALUE = 42\n"), format=ImportFormat.RAW)
    cells = [
        {"cell_type": "markdown", "metadata": {}, "source": ["# Title\n"]},
        {"cell_type": "code", "metadata": {}, "outputs": [], "source": ["from near import VALUE\n", "VALUE + 1"]},
        {"cell_type": "code", "metadata": {}, "outputs": [], "source": "%sh echo from the shell"},
        {"cell_type": "code", "metadata": {}, "outputs": [], "source": "dbutils.notebook.exit(VALUE)"},
    ]
    content = {"cells": cells, "metadata": {"language_info": {"name": "python"}}, "nbformat": 4, "nbformat_minor": 5}
    path = f"{notebooks.folder}/book"
    encoded = io.BytesIO(json.dumps(content).encode())
    notebooks.client.workspace.upload(path, encoded, format=ImportFormat.JUPYTER)
    output = notebooks.output(path)
    assert output.error is None, output.error_trace
    assert output.logs == "43\nfrom the shell\n"
    assert output.notebook_output.result == "42"
    assert {each.path for each in notebooks.client.workspace.list(notebooks.folder)} == {module, path}


def test_restarting_python_forgets_variables_and_goes_on_with_the_next_cell(notebooks: Notebooks) -> None:
    path = notebooks.add(
        "restarting",
        "import os\nx, first = 1, os.getpid()\nopen('pid', 'w').write(str(first))\nprint('once')",
        "dbutils.library.restartPython()",
        "import os\nsame = str(os.getpid()) == open('pid').read()\n"
        "dbutils.notebook.exit(f\"{'x' in globals()} {same} {dbutils.widgets.get('kept')}\")",
    )
    output = notebooks.output(path, base_parameters={"kept": "yes"})
    assert output.error is None, output.error_trace
    assert output.logs.count("once") == 1
    assert output.notebook_output.result == "False False yes"


@pytest.mark.parametrize(
    ("cell", "said"),
    [
        ("# MAGIC %scala\n# MAGIC val x = 1", "Cell 2 has the magic command %scala"),
        ("%timeit 1 + 1", "Cell 2 has the magic command %timeit"),
        ("x = 1\n!ls", "Cell 2 has the magic command !"),
    ],
)
def test_a_magic_command_that_does_not_run_here_is_refused_before_any_cell_runs(
    notebooks: Notebooks, cell: str, said: str
) -> None:
    output = notebooks.output(notebooks.add("magic", "print('ran')", cell))
    assert said in output.error
    assert "ran\n" not in output.logs


def test_a_missing_notebook_and_one_that_run_as_may_not_read_are_no_runs(
    notebooks: Notebooks, new_robot: Callable[[], Any]
) -> None:
    missing = notebooks.run(task("one", f"{notebooks.folder}/nowhere"))
    assert missing.tasks[0].state.life_cycle_state.value == "INTERNAL_ERROR"
    assert missing.tasks[0].status.termination_details.code.value == "INVALID_RUN_CONFIGURATION"
    robot = new_robot().application_id
    home = f"/Users/{notebooks.client.current_user.me().user_name}/own-{secrets.token_hex(4)}"
    own = Notebooks(client=notebooks.client, folder=home)
    own.client.workspace.mkdirs(home)
    refused = own.run(task("one", own.add("mine", "print(1)")), run_as={"service_principal_name": robot})
    assert refused.tasks[0].status.termination_details.code.value == "UNAUTHORIZED_ERROR"


def test_files_and_secrets_are_reached_with_the_rights_of_the_run(notebooks: Notebooks, wheels: Any) -> None:
    scope = f"scope-{secrets.token_hex(4)}"
    notebooks.client.secrets.create_scope(scope)
    notebooks.client.secrets.put_secret(scope, "key", string_value="hidden word")
    path = notebooks.add(
        "utilities",
        f"folder = '{wheels.volume}/{secrets.token_hex(4)}'",
        """
        dbutils.fs.mkdirs(folder)
        dbutils.fs.put(folder + "/a.txt", "some text", True)
        dbutils.fs.cp(folder + "/a.txt", folder + "/b.txt")
        names = sorted(file.name for file in dbutils.fs.ls(folder))
        head = dbutils.fs.head(folder + "/b.txt")
        dbutils.fs.rm(folder, True)
        """,
        f"word = dbutils.secrets.get('{scope}', 'key')",
        "dbutils.notebook.exit(f'{names} {head} {len(word)}')",
    )
    output = notebooks.output(path)
    assert output.error is None, output.error_trace
    assert output.notebook_output.result == "['a.txt', 'b.txt'] some text 11"


def test_packages_of_a_notebook_are_installed_for_it_alone(notebooks: Notebooks, wheels: Any) -> None:
    wheel = wheels.upload({"only_here": "VALUE = 7\n"}, name="only_here")
    installing = notebooks.add(
        "installing",
        f"# MAGIC %pip install {wheel}",
        "from only_here import VALUE\nimport only_here",
        "dbutils.notebook.exit(f\"{VALUE} {'scratch' in only_here.__file__}\")",
    )
    output = notebooks.output(installing)
    assert output.error is None, output.logs
    assert output.notebook_output.result == "7 True"
    without = notebooks.output(notebooks.add("without", "import only_here"))
    assert without.error == "ModuleNotFoundError: No module named 'only_here'"


def test_a_package_that_no_index_has_fails_the_cell_with_pips_words(notebooks: Notebooks) -> None:
    path = notebooks.add("missing", "# MAGIC %pip install --no-index no-such-package-9", "print('never')")
    output = notebooks.output(path)
    assert output.error.startswith("brickyard_local.runtime.pip_install.CannotInstallPackages: ERROR: ")
    assert "no-such-package-9" in output.error
    assert f"in %pip of {path}, cell 1, line 1" in output.error_trace
    assert "never" not in output.logs


@pytest.mark.parametrize(
    ("notebook", "said"),
    [
        ({"notebook_path": "relative"}, "must be absolute"),
        ({"notebook_path": "/Shared/x", "source": "GIT"}, "source 'GIT'"),
        ({"notebook_path": "/Shared/x", "warehouse_id": "1"}, "'warehouse_id'"),
        ({"notebook_path": "/Shared/x", "base_parameters": {"a": None}}, "must map names to texts"),
    ],
)
def test_what_a_notebook_task_cannot_be_is_refused_when_the_job_is_saved(
    notebooks: Notebooks, notebook: dict[str, Any], said: str
) -> None:
    with pytest.raises(Exception, match=said):
        notebooks.run({"task_key": "one", "notebook_task": notebook})


def test_a_killed_workspace_leaves_nothing_of_a_notebook_but_its_log(fresh_local_workspace: LocalWorkspace) -> None:
    client = fresh_local_workspace.client()
    client.workspace.mkdirs("/Shared/killed")
    own = Notebooks(client=client, folder="/Shared/killed")
    path = own.add("long", "print('begun', flush=True)", "import time; time.sleep(600)")
    body = {"name": "long", "tasks": [task("one", path)]}
    job = int(client.api_client.do("POST", "/api/2.2/jobs/create", body=body)["job_id"])
    run_id = client.jobs.run_now(job).run_id
    scratch = fresh_local_workspace.home.root / "scratch"
    while not (client.jobs.get_run(run_id).tasks and any(scratch.glob("*"))):
        pass
    task_run = client.jobs.get_run(run_id).tasks[0].run_id
    while "begun" not in (client.jobs.get_run_output(task_run).logs or ""):
        pass
    fresh_local_workspace.kill()
    fresh_local_workspace.start()
    client = fresh_local_workspace.client()
    assert client.jobs.get_run(run_id).state.life_cycle_state.value == "INTERNAL_ERROR"
    assert client.jobs.get_run_output(task_run).logs == "begun\n"
    assert not scratch.exists()
