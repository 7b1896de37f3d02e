"""Train a classifier that tells benign from malignant tumours, and log it to MLflow.

python train.py --registered-model tumours
"""

import argparse

import mlflow
from mlflow.models import infer_signature
from sklearn.datasets import load_breast_cancer
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import accuracy_score, roc_auc_score
from sklearn.model_selection import train_test_split
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--experiment", default="tumours")
    parser.add_argument("--registered-model", default="tumours")
    parser.add_argument("--C", type=float, default=1.0)
    parser.add_argument("--seed", type=int, default=42)
    args = parser.parse_args()

    X, y = load_breast_cancer(return_X_y=True, as_frame=True)
    X_train, X_test, y_train, y_test = train_test_split(X, y, test_size=0.25, stratify=y, random_state=args.seed)

    mlflow.set_experiment(args.experiment)
    with mlflow.start_run():
        model = make_pipeline(StandardScaler(), LogisticRegression(C=args.C, max_iter=1000))
        model.fit(X_train, y_train)
        mlflow.log_params({"C": args.C, "seed": args.seed})
        mlflow.log_metric("test_accuracy", accuracy_score(y_test, model.predict(X_test)))
        mlflow.log_metric("test_roc_auc", roc_auc_score(y_test, model.predict_proba(X_test)[:, 1]))
        mlflow.sklearn.log_model(
            model,
            name="model",
            signature=infer_signature(X_test, model.predict(X_test)),
            input_example=X_test.head(2),
            pip_requirements=["mlflow", "scikit-learn"],
            registered_model_name=args.registered_model,
        )


if __name__ == "__main__":
    main()
