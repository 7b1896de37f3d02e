"""An endpoint's metrics by served entity, from the text that the platform exports. Pure.

Databricks says how many requests came in the last minute (`# TYPE … gauge`); a Prometheus counter says how many there
ever were. Both are told apart by the type line and added up alike.
Source: docs.databricks.com/aws/en/machine-learning/model-serving/metrics-export-serving-endpoint
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, fields

_LINE = re.compile(r"^(?P<name>[a-zA-Z_:]\w*)(?:\{(?P<labels>[^}]*)\})?\s+(?P<value>\S+)(?:\s+(?P<at>\d+))?$")
_LABEL = re.compile(r'(\w+)="((?:[^"\\]|\\.)*)"')
_NAMES = {
    "request_count_total": "requests",
    "request_4xx_count_total": "client_errors",
    "request_5xx_count_total": "server_errors",
    "request_latency_ms_sum": "latency_ms",
    "request_latency_ms_count": "timed",
}
_WINDOW_S = 60.0


@dataclass(frozen=True, kw_only=True, slots=True)
class Counts:
    """Answered requests; `latency_ms` is the sum over the `timed` ones."""

    requests: float = 0.0
    client_errors: float = 0.0
    server_errors: float = 0.0
    latency_ms: float = 0.0
    timed: float = 0.0

    def plus(self, other: "Counts") -> "Counts":
        """Both together."""
        return Counts(**{part.name: getattr(self, part.name) + getattr(other, part.name) for part in fields(self)})

    def since(self, before: "Counts") -> "Counts":
        """What came after `before`; a counter that has begun anew counts from nothing."""
        if self.requests < before.requests:
            return self
        return Counts(**{part.name: getattr(self, part.name) - getattr(before, part.name) for part in fields(self)})

    @property
    def mean_ms(self) -> float | None:
        """The average latency; None when none was measured."""
        return self.latency_ms / self.timed if self.timed else None


@dataclass(frozen=True, kw_only=True, slots=True)
class Sample:
    """What one export says: by served entity, of the last minute or since ever, and of when it is."""

    counts: Mapping[str, Counts]
    of_last_minute: bool
    at_ms: int | None


def read(text: str) -> Sample:
    r"""One export.

    >>> read('# TYPE request_count_total gauge\nrequest_count_total{served_model_name="m-1"} 7 1700').at_ms
    1700
    """
    found: dict[str, dict[str, float]] = {}
    stamps = []
    for name, labels, value, stamp in _lines(text):
        entity = labels.get("served_model_name") or labels.get("served_entity_name")
        if entity is None or name not in _NAMES:
            continue
        parts = found.setdefault(entity, {})
        parts[_NAMES[name]] = parts.get(_NAMES[name], 0.0) + value  # one line per replica or version
        stamps += [stamp] if stamp is not None else []
    return Sample(
        counts={entity: Counts(**parts) for entity, parts in found.items()},
        of_last_minute=re.search(r"^# TYPE request_count_total gauge", text, re.MULTILINE) is not None,
        at_ms=max(stamps, default=None),
    )


@dataclass(kw_only=True, slots=True)
class Tally:
    """Adds samples up from the first one on."""

    _first: Sample | None = None
    _last: Sample | None = None
    _last_s: float = 0.0
    _sums: dict[str, Counts] = field(default_factory=dict)

    def add(self, sample: Sample, now_s: float) -> None:
        """Take a sample in. The first says what was before; a minute that was counted is not counted twice."""
        if self._last is None:
            self._first = sample
        elif sample.of_last_minute and not self._is_new_minute(sample, now_s):
            return
        else:
            for entity, counts in sample.counts.items():
                before = Counts() if sample.of_last_minute else self._last.counts.get(entity, Counts())
                self._sums[entity] = self.of(entity).plus(counts.since(before))
        self._last, self._last_s = sample, now_s

    def of(self, entity: str) -> Counts:
        """What a served entity has answered since the first sample."""
        return self._sums.get(entity, Counts())

    def _is_new_minute(self, sample: Sample, now_s: float) -> bool:
        assert self._last is not None  # noqa: S101 - asked about later samples only
        if sample.at_ms is not None and self._last.at_ms is not None:
            return sample.at_ms - self._last.at_ms >= _WINDOW_S * 1000
        return now_s - self._last_s >= _WINDOW_S


def _lines(text: str) -> Iterator[tuple[str, dict[str, str], float, int | None]]:
    for line in text.splitlines():
        match = _LINE.match(line.strip())
        if match is None:
            continue
        try:
            value = float(match["value"])
        except ValueError:
            continue
        yield (
            match["name"],
            dict(_LABEL.findall(match["labels"] or "")),
            value,
            int(match["at"]) if match["at"] else None,
        )
