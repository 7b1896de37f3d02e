"""A model in a process of its own, as an endpoint would load it: real files, a real process."""

import sys
import textwrap
from pathlib import Path

import mlflow.pyfunc
import numpy as np
import pandas as pd
import pytest
from mlflow.models import infer_signature

from brickyard_pipelines.ml.evaluation import serving_check
from brickyard_pipelines.ml.evaluation.serving_check import Served

ROWS = pd.DataFrame({"x": [1.0, np.nan, 3.0], "carrier": ["UA", "B6", None]})
EXPECTED = np.array([0.25, 0.5, 0.25])
MODEL = """
    import mlflow.pyfunc
    import numpy as np
    import pandas as pd
    {imports}

    class Halves(mlflow.pyfunc.PythonModel):
        def predict(self, context, model_input, params=None):
            return np.where(model_input["x"].isna(), 0.5, 0.25)
"""


def saved(folder: Path, monkeypatch: pytest.MonkeyPatch, *, imports: str = "", requirements: list[str]) -> Path:
    """A model whose class lives in a package of its own, which travels along with it."""
    package = folder / "halves"
    package.mkdir()
    (package / "__init__.py").write_text("")
    (package / "model.py").write_text(textwrap.dedent(MODEL.format(imports="")))
    monkeypatch.syspath_prepend(str(folder))
    from halves.model import Halves  # type: ignore[import-not-found]

    signature = infer_signature(ROWS, EXPECTED)
    target = folder / "saved"
    mlflow.pyfunc.save_model(
        str(target),
        python_model=Halves(),
        signature=signature,
        pip_requirements=requirements,
        code_paths=[str(package)],
    )
    packed = target / "code" / "halves" / "model.py"
    packed.write_text(textwrap.dedent(MODEL.format(imports=imports)))
    for name in [name for name in sys.modules if name.partition(".")[0] == "halves"]:
        monkeypatch.delitem(sys.modules, name)
    return target


def failed(served: Served) -> dict[str, str]:
    return {item.name: item.said for item in served.conditions if not item.passed}


PINNED = [f"mlflow=={mlflow.__version__}", f"pandas=={pd.__version__}", f"numpy=={np.__version__}"]


def test_a_model_that_needs_what_it_names_loads_and_answers_as_here(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    model = saved(tmp_path, monkeypatch, requirements=PINNED)
    served = serving_check.try_out(model, ROWS, EXPECTED)
    assert failed(served) == {}
    assert set(served.costs) == {"latency_ms_p95", "model_mb", "load_s"}
    assert all(cost > 0 for cost in served.costs.values())


def test_a_model_that_needs_what_it_does_not_name_or_another_version_is_found_out(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    wanted = [*PINNED[:2], "numpy==1.0.1", "no-such-distribution-of-ours==1.0"]
    model = saved(tmp_path, monkeypatch, imports="import pytest", requirements=wanted)
    found = failed(serving_check.try_out(model, ROWS, EXPECTED))
    assert "No module named 'pytest'; here, and not of the model's requirements: " in found["loads in a fresh process"]
    assert "numpy==1.0.1 is required" in found["requirements"]
    assert "no-such-distribution-of-ours==1.0 is not installed here" in found["requirements"]
    assert found["answers as here"] == "no answer"


def test_a_process_that_hangs_or_finds_no_model_is_a_refusal(tmp_path: Path) -> None:
    found = failed(serving_check.try_out(tmp_path / "nothing", ROWS, EXPECTED, within_s=0.001))
    assert found["loads in a fresh process"].startswith("it did not answer within")
    found = failed(serving_check.try_out(tmp_path / "nothing", ROWS, EXPECTED))
    assert "requirements.txt" in found["loads in a fresh process"]


@pytest.mark.parametrize("answers", [[0.25, 0.5, 0.26], [0.25, 0.5], [], [0.25, 0.5, float("nan")]])
def test_answers_that_differ_are_a_refusal(answers: list[float]) -> None:
    assert set(failed(serving_check.judged({"answers": answers}, EXPECTED))) == {"answers as here"}
