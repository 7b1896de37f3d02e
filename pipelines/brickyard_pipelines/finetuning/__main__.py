"""`python -m brickyard_pipelines.finetuning`: the same as `finetuning`, for launchers that start modules."""

from brickyard_pipelines.finetuning.command import main

if __name__ == "__main__":
    main()
