"""From roles to principals: who a role is in this environment, as Terraform refers to them."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from typing import get_args

from constructs import Construct

from brickyard_constructs.catalog import Access, Grant
from brickyard_constructs.iam import (
    AccountGroup,
    AccountGroupProps,
    MadeServicePrincipal,
    Permission,
    ReferencedServicePrincipal,
    ServicePrincipalProps,
)
from brickyard_stacks.permissions import Applier, Group, Levels, Principal, Privileges, Role
from brickyard_stacks.settings import Environment
from brickyard_stacks.upstream import platform_is_there

GROUPS: tuple[Group, ...] = get_args(Group)
PRINCIPALS: tuple[Principal, ...] = get_args(Principal)


@dataclass(frozen=True, kw_only=True, slots=True)
class Identities:
    """The groups' names and the service principals' application ids, by role.

    `deployer` applies the stack: its MANAGE stands in every set. `appliers` are who applies this one and others, by
    role, and `deployers` those who apply one project's, by its name: the role `deployer` is theirs as well.
    """

    deployer: str
    appliers: Mapping[Applier, str]
    groups: Mapping[Group, str]
    principals: Mapping[Principal, str]
    deployers: Mapping[str, str] = field(default_factory=dict)

    def access(self, privileges: Privileges, kept: Mapping[str, tuple[str, ...]] | None = None) -> Access:
        """The privileges of roles as grants to principals. `kept` is what others hold already, and keep."""
        grants = [
            Grant(principal=name, privileges=privileges[role], key=role)
            for role, name in self._all()
            if role in privileges
        ]
        grants += [
            Grant(principal=name, privileges=privileges["deployer"], key=f"deployer_{project}")
            for project, name in self.deployers.items()
            if "deployer" in privileges
        ]
        stays = [Grant(principal=name, privileges=held) for name, held in (kept or {}).items()]
        return Access(deployer=self.deployer, grants=tuple(grants), kept=tuple(stays))

    def principal(self, role: Role) -> str:
        """Who a role is."""
        return dict(self._all())[role]

    def permissions(self, levels: Levels) -> tuple[Permission, ...]:
        """The levels of roles as permissions of groups and service principals."""
        people = [Permission(level=levels[r], group=name) for r, name in self.groups.items() if r in levels]
        machines = [
            Permission(level=levels[r], service_principal=id_) for r, id_ in self.principals.items() if r in levels
        ]
        appliers = [_applier(levels[r], name) for r, name in self.appliers.items() if r in levels]
        others = [_applier(levels["deployer"], name) for name in self.deployers.values() if "deployer" in levels]
        return (*people, *machines, *appliers, *others)

    def _all(self) -> list[tuple[Role, str]]:
        return [*self.groups.items(), *self.principals.items(), *self.appliers.items()]


def is_user(name: str) -> bool:
    """Whether a principal of the settings is a person, by user name; others are named by application id."""
    return "@" in name


def _applier(level: str, name: str) -> Permission:
    return Permission(level=level, user=name) if is_user(name) else Permission(level=level, service_principal=name)


def platform_identities(scope: Construct, environment: Environment) -> Identities:
    """Everybody, for the platform's stack. Without an account's stack it makes whom the settings say to make."""
    if environment.account is not None:
        everybody = (*GROUPS, *PRINCIPALS)
        found = referenced_identities(scope, environment, everybody, deployer=environment.deployer, early=True)
        return platform_roles(environment, found.groups, found.principals)
    groups = {role: _group(scope, environment, role) for role in GROUPS}
    principals = {role: _principal(scope, environment, role) for role in PRINCIPALS}
    return platform_roles(environment, groups, principals)


def platform_roles(
    environment: Environment, groups: Mapping[Group, str], principals: Mapping[Principal, str]
) -> Identities:
    """These, and who applies the platform's and the projects' stacks."""
    appliers: dict[Applier, str] = {"platform": environment.administrator, "deployer": environment.deployer}
    return Identities(
        deployer=environment.administrator,
        appliers=appliers,
        groups=groups,
        principals=principals,
        deployers=_each_once(environment),
    )


def _each_once(environment: Environment) -> dict[str, str]:
    """Who applies projects of their own, by the first of each one's projects."""
    projects: dict[str, str] = {}
    for project, applier in environment.deployers.items():
        projects.setdefault(applier.deployer, project)
    return {project: name for name, project in projects.items()}


def referenced_identities(
    scope: Construct, environment: Environment, roles: Collection[Role], *, deployer: str, early: bool = False
) -> Identities:
    """Refer to those who hold one of `roles` by name, as the stacks of projects do; `deployer` applies them.

    Whom an earlier stack makes is looked up once the platform is there; the platform itself is too `early` to ask.
    """
    groups = {role: getattr(environment.groups, role).name for role in GROUPS if role in roles}
    principals = {role: _reference(scope, environment, role, early=early) for role in PRINCIPALS if role in roles}
    return Identities(deployer=deployer, appliers={"deployer": deployer}, groups=groups, principals=principals)


def make_group(scope: Construct, environment: Environment, role: Group) -> AccountGroup | None:
    """The group of a role, where the settings say to make or to adopt it."""
    settings = getattr(environment.groups, role)
    if settings.ownership == "reference":
        return None
    props = AccountGroupProps(name=settings.name, ownership=settings.ownership, import_id=settings.import_id or "")
    return AccountGroup(scope, role, props)


def make_principal(scope: Construct, environment: Environment, role: Principal) -> MadeServicePrincipal | None:
    """The service principal of a role, where the settings say to make or to adopt it."""
    settings = getattr(environment.service_principals, role)
    if settings.ownership == "reference":
        return None
    props = ServicePrincipalProps(
        name=settings.name,
        application_id=settings.application_id,
        ownership=settings.ownership,
        import_id=settings.import_id or "",
    )
    return MadeServicePrincipal(scope, role, props)


def _group(scope: Construct, environment: Environment, role: Group) -> str:
    made = make_group(scope, environment, role)
    return made.name if made else getattr(environment.groups, role).name


def _principal(scope: Construct, environment: Environment, role: Principal) -> str:
    made = make_principal(scope, environment, role)
    return made.application_id if made else _reference(scope, environment, role)


def _reference(scope: Construct, environment: Environment, role: Principal, *, early: bool = True) -> str:
    settings = getattr(environment.service_principals, role)
    if settings.application_id is not None:
        known: str = settings.application_id
        return known
    made_before = settings.ownership == "create" and not early
    when = platform_is_there(scope, environment) if made_before else None
    return ReferencedServicePrincipal(scope, role, ServicePrincipalProps(name=settings.name), when=when).application_id
