"""Which library a trained model is of, and so which mlflow flavour keeps it. Pure: it looks, it imports nothing."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from brickyard_pipelines.errors import UnusableModel

# The distribution whose version a model of the flavour is pinned to, beside the ones that every model is.
DISTRIBUTIONS = {"sklearn": "", "lightgbm": "lightgbm", "xgboost": "xgboost", "pytorch": "torch", "pyfunc": ""}
_ROOTS = {"lightgbm": "lightgbm", "xgboost": "xgboost", "torch": "pytorch"}
_TAKEN = (
    "a fitted scikit-learn estimator, a LightGBM or XGBoost model, a PyTorch module that answers probabilities,"
    " or an mlflow.pyfunc.PythonModel"
)


@dataclass(frozen=True, kw_only=True, slots=True)
class Library:
    """The flavour, and whether its own `predict` must be replaced by one that answers probabilities."""

    flavor: str
    wrapped: bool


def recognise(model: Any, function: str) -> Library:
    """The library of what a train function returned.

    Errors: UnusableModel, for nothing, something else, an estimator that is not fitted, or other classes than 0 and 1.
    """
    if model is None or isinstance(model, type):
        got = "nothing" if model is None else f"the class {model.__name__}, not an object of it"
        raise UnusableModel(f"{function} returned {got}. It must return {_TAKEN}.")
    roots = [kind.__module__ for kind in type(model).__mro__]
    if any(root.startswith("mlflow.pyfunc") for root in roots):
        return Library(flavor="pyfunc", wrapped=False)
    found = next((_ROOTS[root.split(".")[0]] for root in roots if root.split(".")[0] in _ROOTS), None)
    if found is None and not all(hasattr(model, name) for name in ("fit", "predict", "get_params")):
        raise UnusableModel(f"{function} returned {type(model).__module__}.{type(model).__qualname__}; {_rule()}")
    proba = hasattr(model, "predict_proba")
    if proba:
        _check_classes(model, function)
    return Library(flavor=found or "sklearn", wrapped=proba or found in ("xgboost", "pytorch"))


def _rule() -> str:
    return f"it must return {_TAKEN}. Of anything else, return a PythonModel that wraps it."


def _check_classes(model: Any, function: str) -> None:
    try:
        classes = np.asarray(model.classes_).tolist()
    except AttributeError:
        raise UnusableModel(f"{function} returned a {type(model).__name__} that is not fitted: call fit.") from None
    if classes not in ([0, 1], [False, True]):
        raise UnusableModel(
            f"{function} returned a {type(model).__name__} of the classes {classes}; it must know both 0 and 1,"
            " and nothing else: more than two classes are not supported."
        )


def call(function: str, train: Callable[..., Any], *arguments: Any, **offered: Any) -> Any:
    """Call a train function with its three arguments, and of what is offered besides with what it names.

    Errors: UnusableModel, when it cannot be called so.
    """
    import inspect

    try:
        parameters = inspect.signature(train).parameters
    except (TypeError, ValueError):
        parameters = None
    if parameters is not None:
        asked = {name: value for name, value in offered.items() if name in parameters}
        try:
            inspect.signature(train).bind(*arguments, **asked)
        except TypeError as error:
            raise UnusableModel(
                f"{function} cannot be called with (features, labels, parameters): {error}. Besides these it may"
                f" take {', '.join(offered)} by name."
            ) from error
        return train(*arguments, **asked)
    return train(*arguments)
