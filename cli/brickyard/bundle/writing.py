"""The bundle of one environment: what may be applied, sealed, and said in its manifest."""

import datetime as dt
import json
import subprocess
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from brickyard.bundle.archive import pack
from brickyard.bundle.manifest import MANIFEST, SEALED, Manifest, Verdict, Waiting, digest_of
from brickyard.bundle.order import all_before, followed
from brickyard.bundle.planned import Planned, providers_of
from brickyard.bundle.sealing import seal
from brickyard.commits import Commit
from brickyard.pipeline_run import began_by, tell, url
from brickyard.terraform import Synthesised
from brickyard.whole_file import write_whole

if TYPE_CHECKING:
    from brickyard_review import Review


@dataclass(frozen=True, kw_only=True, slots=True)
class Bundling:
    """What a bundle is made of, and for whom; `made` is the review of these plans."""

    environment: str
    commit: Commit
    destroy: bool
    refreshed: bool
    recipient: str
    made: "Review"


def write_bundle(folder: Path, bundling: Bundling, synthesised: Synthesised, planned: Sequence[Planned]) -> None:
    """Seal the plans and write the manifest, last; then tell its digest."""
    waiting = [] if bundling.destroy else waiting_of(synthesised.folder, planned)
    names = {each.name for each in waiting}
    ready = [each for each in planned if each.entry.name not in names]
    content = seal(pack(synthesised.folder / "stacks", [each.entry.name for each in ready]), bundling.recipient)
    unfinished = folder / f"{SEALED}.new"
    unfinished.write_bytes(content)
    unfinished.replace(folder / SEALED)
    manifest = _manifest(bundling, synthesised, ready, waiting, digest_of(content))
    write_whole(folder / MANIFEST, manifest.text())
    _tell(folder, manifest)


def _tell(folder: Path, manifest: Manifest) -> None:
    digest = digest_of(manifest.text().encode())
    for each in manifest.waiting:
        print(f"{each.name} is not in this bundle: {each.because}. Plan again when this one is applied.")
    if manifest.changing:
        destroying = " --destroy" if manifest.destroy else ""
        print(f"Apply exactly this: brickyard apply {folder} --approved {digest}{destroying}")
    flags = {"changes": bool(manifest.changing), "waiting": bool(manifest.waiting)}
    tell({"digest": digest, **{name: str(flag).lower() for name, flag in flags.items()}})


def _manifest(
    bundling: Bundling, synthesised: Synthesised, ready: Sequence[Planned], waiting: Sequence[Waiting], sealed: str
) -> Manifest:
    made, stacks = bundling.made, synthesised.folder / "stacks"
    providers = {name: version for each in ready for name, version in providers_of(stacks / each.entry.name).items()}
    verdict = Verdict(
        verdict=made.verdict.value,
        headline=made.headline,
        threshold=made.threshold.value,
        exit_code=made.exit_code,
    )
    return Manifest(
        environment=bundling.environment,
        destroy=bundling.destroy,
        refreshed=bundling.refreshed,
        commit=bundling.commit.sha,
        uncommitted=bundling.commit.uncommitted,
        planned_at=dt.datetime.now(dt.UTC).isoformat(timespec="seconds"),
        planned_by=began_by(),
        planned_in=url(),
        terraform=terraform_version(synthesised),
        providers=dict(sorted(providers.items())),
        review=verdict,
        stacks=[each.entry for each in ready],
        waiting=list(waiting),
        sealed_for=bundling.recipient,
        sealed_sha256=sealed,
    )


def waiting_of(folder: Path, planned: Sequence[Planned]) -> list[Waiting]:
    """A stack whose plan was made from what another one of this bundle is about to make or take away."""
    dependencies, waiting = followed(folder), dict[str, str]()
    by_name = {each.entry.name: each for each in planned}
    for name, each in by_name.items():
        before = all_before(name, dependencies) & by_name.keys()
        if held := sorted(before & waiting.keys()):
            waiting[name] = f"{held[0]} waits as well"
        elif each.waits:
            waiting[name] = "it looks up what an earlier stack has yet to make"
        elif replacing := sorted(other for other in before if by_name[other].deletes):
            waiting[name] = f"{replacing[0]} deletes or replaces what it may look up"
    return [Waiting(name=name, because=because) for name, because in waiting.items()]


def terraform_version(synthesised: Synthesised) -> str:
    """The Terraform that plans: another one may not apply what it saved."""
    argv, given = ["terraform", "version", "-json"], dict(synthesised.variables)
    done = subprocess.run(argv, env=given, check=True, capture_output=True, text=True)
    return str(json.loads(done.stdout)["terraform_version"])
