"""One probability per row from a model of any library. Packed with the model: it imports nothing of ours.

mlflow loads it by name (`loader_module` in the model's MLmodel), so endpoint, batch and gate all see the same answers.
"""

import contextlib
import importlib
from pathlib import Path
from typing import Any


def _load_pyfunc(path: str, model_config: Any = None) -> "Answers":
    """What mlflow calls: the model of its own library, wrapped. `path` is the model's folder or a file in it."""
    import mlflow.models

    del model_config
    folder = next(folder for folder in (Path(path), *Path(path).parents) if (folder / "MLmodel").is_file())
    described = mlflow.models.Model.load(str(folder))
    (library,) = set(described.flavors) - {"python_function"}
    model = importlib.import_module(f"mlflow.{library}").load_model(str(folder))
    # A request may also carry what features are derived from (brickyard_request.py): no model was fitted on that.
    named: list[str] = described.get_input_schema().input_names()  # type: ignore[no-untyped-call]
    columns: list[str] = (described.metadata or {}).get("features", named)
    return Answers(model, columns)


class Answers:
    """A model whose `predict` answers the probability of class 1.

    Columns that a request leaves out count as missing values; columns it should not have are ignored.
    """

    def __init__(self, model: Any, columns: list[str]) -> None:
        self.model = model
        self.columns = columns

    def predict(self, features: Any, params: Any = None) -> Any:
        """One number per row."""
        del params
        known = features.reindex(columns=self.columns)
        if hasattr(self.model, "predict_proba"):
            return self.model.predict_proba(known)[:, list(self.model.classes_).index(1)]
        if hasattr(self.model, "inplace_predict"):  # an XGBoost booster
            return self.model.inplace_predict(known)
        if hasattr(self.model, "state_dict"):  # a PyTorch module
            return _of_module(self.model, known)
        return self.model.predict(known)


def _of_module(module: Any, features: Any) -> Any:
    import torch  # only models that need it bring it

    with contextlib.suppress(NotImplementedError):  # a traced one has no other mode
        module.eval()
    with torch.no_grad():
        return module(torch.tensor(features.to_numpy(dtype="float32"))).reshape(-1).numpy()
