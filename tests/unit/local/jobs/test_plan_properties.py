"""Any graph of tasks, with any conditions and results, runs as a reference of its own says."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from brickyard_local.jobs import graph, repairs
from brickyard_local.jobs.payloads import RepairRun
from brickyard_local.jobs.plan import Begin, Ended, Plan

RUN_IF = ["ALL_SUCCESS", "ALL_DONE", "NONE_FAILED", "AT_LEAST_ONE_SUCCESS", "ALL_FAILED", "AT_LEAST_ONE_FAILED"]
FAILED = {"FAILED", "TIMEDOUT", "UPSTREAM_FAILED"}
CANCELED = {"CANCELED", "UPSTREAM_CANCELED"}


@dataclass(frozen=True, kw_only=True, slots=True)
class Case:
    """A job and what its tasks would do: the result of each attempt, then the last one for ever."""

    tasks: list[dict[str, Any]]
    behaviour: Mapping[str, list[str]]
    outcomes: Mapping[str, str]


@st.composite
def cases(draw: st.DrawFn) -> Case:
    count = draw(st.integers(1, 8))
    tasks: list[dict[str, Any]] = []
    for number in range(count):
        task: dict[str, Any] = {"task_key": f"t{number}", "run_if": draw(st.sampled_from(RUN_IF))}
        before = draw(st.lists(st.sampled_from(tasks), unique_by=lambda t: t["task_key"])) if tasks else []
        task["depends_on"] = [_dependency(draw, upstream) for upstream in before]
        if draw(st.booleans()):
            task["condition_task"] = {"op": "EQUAL_TO", "left": "a", "right": "b"}
        task["disabled"] = draw(st.sampled_from([False, False, False, True]))
        task["max_retries"] = draw(st.sampled_from([0, 0, 1, 2]))
        task["retry_on_timeout"] = draw(st.booleans())
        tasks.append(task)
    results = st.lists(
        st.sampled_from(["SUCCESS", "SUCCESS", "FAILED", "TIMEDOUT", "CANCELED"]), min_size=3, max_size=3
    )
    behaviour = {task["task_key"]: draw(results) for task in tasks}
    outcomes = {task["task_key"]: draw(st.sampled_from(["true", "false"])) for task in tasks}
    return Case(tasks=draw(st.permutations(tasks)), behaviour=behaviour, outcomes=outcomes)


def _dependency(draw: st.DrawFn, upstream: dict[str, Any]) -> dict[str, Any]:
    outcome = draw(st.sampled_from([None, "true", "false"])) if "condition_task" in upstream else None
    return {"task_key": upstream["task_key"], **({"outcome": outcome} if outcome else {})}


@dataclass(slots=True)
class Driver:
    """Runs a plan as `execution` does, without processes; `order` chooses which attempt ends next."""

    case: Case
    plan: Plan
    order: Iterator[int]
    begun: list[str] = field(default_factory=list)
    now: float = 0.0
    begun_at_stop: int | None = None

    def run(self, *, stop_after: int | None = None) -> dict[str, str]:
        """To the end; after so many ended attempts the run is cancelled."""
        self._begin(self.plan.ready())
        ended = 0
        while not self.plan.finished:
            running = self.plan.running()
            if not running:
                self.now = self.plan.next_due() or self.now
                self._begin(self.plan.due(self.now))
                continue
            if ended == stop_after:
                self.plan.stop("CANCELED")
                self.begun_at_stop = len(self.begun)
            key = running[next(self.order) % len(running)]
            self._end(key)
            ended += 1
            self._begin(self.plan.ready())
        return self.plan.results()

    def _begin(self, steps: Sequence[Any]) -> None:
        results = self.plan.results()
        for step in steps:
            if isinstance(step, Begin):
                task = next(task for task in self.case.tasks if task["task_key"] == step.key)
                assert set(graph.upstream(task)) <= set(results), "a task began before its dependencies ended"
                self.begun.append(step.key)

    def _end(self, key: str) -> None:
        result = "CANCELED" if self.plan.stopped else attempt_of(self.case, key, self.begun.count(key))
        self.plan.ended(key, Ended(result=result, outcome=self.case.outcomes[key]), self.now)


def attempt_of(case: Case, key: str, number: int) -> str:
    return case.behaviour[key][min(number, 3) - 1]


def final(case: Case, task: Mapping[str, Any]) -> tuple[str, int]:
    """The result of a task that runs, and after how many attempts."""
    for number in range(1, task["max_retries"] + 2):
        result = attempt_of(case, task["task_key"], number)
        retried = result == "FAILED" or (result == "TIMEDOUT" and task["retry_on_timeout"])
        if not retried:
            break
    return result, number


def reference(case: Case) -> tuple[dict[str, str], dict[str, int]]:
    """Results and numbers of attempts, by recursion over the documents' sentences; shares no code with the plan."""
    by_key = {task["task_key"]: task for task in case.tasks}
    results: dict[str, str] = {}
    attempts: dict[str, int] = {}

    def result_of(key: str) -> str:
        if key in results:
            return results[key]
        task, before = by_key[key], [(d, result_of(d["task_key"])) for d in by_key[key]["depends_on"]]
        unmet = [
            d for d, r in before if r == "SUCCESS" and d.get("outcome") and case.outcomes[d["task_key"]] != d["outcome"]
        ]
        attempts[key] = 0
        if task["disabled"]:
            results[key] = "DISABLED"
        elif unmet:
            results[key] = "EXCLUDED"
        elif may_run(task["run_if"], [r for _, r in before]):
            results[key], attempts[key] = final(case, task)
        else:
            results[key] = skipped(task["run_if"], [r for _, r in before])
        return results[key]

    for key in by_key:
        result_of(key)
    return results, attempts


def may_run(run_if: str, before: list[str]) -> bool:  # noqa: PLR0911 - a line for each sentence of the documents
    if not before:
        return True
    if set(before) == {"EXCLUDED"}:
        return False
    bad = [r for r in before if r in FAILED | CANCELED]
    match run_if:
        case "ALL_SUCCESS":
            return not bad and "DISABLED" not in before
        case "ALL_DONE":
            return True
        case "NONE_FAILED":
            return not bad and set(before) != {"DISABLED"}
        case "AT_LEAST_ONE_SUCCESS":
            return "SUCCESS" in before
        case "ALL_FAILED":
            return len(bad) == len(before)
    return bool(bad)


def skipped(run_if: str, before: list[str]) -> str:
    if set(before) == {"EXCLUDED"}:
        return "EXCLUDED"
    if run_if in {"ALL_FAILED", "AT_LEAST_ONE_FAILED"}:
        only_disabled_in_the_way = "DISABLED" in before and not {"SUCCESS", "EXCLUDED"} & set(before)
        return "DISABLED" if only_disabled_in_the_way else "EXCLUDED"
    if FAILED & set(before):
        return "UPSTREAM_FAILED"
    if CANCELED & set(before):
        return "UPSTREAM_CANCELED"
    return "DISABLED" if "DISABLED" in before else "EXCLUDED"


orders = st.lists(st.integers(0, 7), min_size=64, max_size=64)


@given(cases(), orders)
def test_every_task_ends_as_the_reference_says_in_any_order_of_events(case: Case, order: list[int]) -> None:
    graph.check(case.tasks)
    driver = Driver(case, Plan(case.tasks), iter(order))
    results = driver.run()
    expected, attempts = reference(case)
    assert results == expected
    assert {key: driver.begun.count(key) for key in results} == attempts


@given(cases(), orders)
def test_the_leaves_decide_the_run(case: Case, order: list[int]) -> None:
    results = Driver(case, Plan(case.tasks), iter(order)).run()
    waited_for = {d["task_key"] for task in case.tasks for d in task["depends_on"]}
    bad = set(results.values()) & (FAILED | CANCELED)
    if any(results[key] in FAILED | CANCELED for key in set(results) - waited_for):
        expected = "FAILED" if bad & FAILED else "CANCELED"
    else:
        expected = "SUCCESS_WITH_FAILURES" if bad else "SUCCESS"
    assert graph.run_result(case.tasks, results) == expected


@given(cases(), orders, st.integers(0, 8))
def test_a_cancelled_run_leaves_nothing_running_and_begins_nothing_more(
    case: Case, order: list[int], after: int
) -> None:
    driver = Driver(case, Plan(case.tasks), iter(order))
    before = driver.plan
    results = driver.run(stop_after=after)
    assert set(results) == {task["task_key"] for task in case.tasks}
    assert driver.begun_at_stop in {None, len(driver.begun)}
    assert before.running() == []
    assert before.ready() == []
    assert before.next_due() is None


@given(cases(), orders, orders, st.booleans())
def test_a_repair_runs_exactly_what_failed_and_what_depends_on_it(
    case: Case, order: list[int], again: list[int], dependents: bool
) -> None:
    first = Driver(case, Plan(case.tasks), iter(order)).run()
    failed = {key for key, result in first.items() if result in FAILED | CANCELED}
    if not failed:
        return
    run = {
        "run_id": 1,
        "settings": {"tasks": case.tasks},
        "life_cycle_state": "TERMINATED",
        "tasks": [{"task_key": key, "result_state": result} for key, result in first.items()],
    }
    asked = RepairRun(run_id=1, rerun_all_failed_tasks=True, rerun_dependent_tasks=dependents)
    chosen = set(repairs.selected(run, asked))
    assert chosen == (failed | closure(case.tasks, failed) if dependents else failed)
    healed = Case(tasks=case.tasks, behaviour={key: ["SUCCESS"] * 3 for key in first}, outcomes=case.outcomes)
    known = {key: Ended(result=first[key], outcome=case.outcomes[key]) for key in set(first) - chosen}
    driver = Driver(healed, Plan(case.tasks, known), iter(again))
    results = driver.run()
    assert set(driver.begun) <= chosen
    assert {key: results[key] for key in known} == {key: first[key] for key in known}
    assert all(driver.begun.count(key) == 1 for key in driver.begun)


def closure(tasks: Sequence[Mapping[str, Any]], keys: set[str]) -> set[str]:
    found = {task["task_key"] for task in tasks if {d["task_key"] for d in task["depends_on"]} & keys} - keys
    return found | closure(tasks, keys | found) if found else set()
