"""Stages and clouds, and what follows from a stage."""

from typing import Literal

Stage = Literal["local", "dev", "staging", "prod"]
Cloud = Literal["local", "aws", "azure", "gcp"]

# The bindings and the offline provider are made for this one; `local` must not move under them.
LOCAL_PROVIDER_VERSION = "1.99.0"
# 1.114.0 wrote states that later versions cannot read (provider's CHANGELOG, v1.115.0).
PROVIDER_RANGE = ">= 1.99.0, < 2.0.0, != 1.114.0"
