"""From the declaration of a package and what reading its source told to the package, and to what it offers jobs."""

from dataclasses import dataclass
from functools import cached_property

from reconciler.manifests.resolving.candidates import Candidate, Findings
from reconciler.manifests.resolving.fields import Fields
from reconciler.manifests.resolving.hierarchy import is_primary
from reconciler.manifests.resolving.roster import Roster
from reconciler.manifests.resolving.setups import canonical_setup
from reconciler.manifests.spelling import Spelling
from reconciler.model.names import Digest, PackageName, SiteName, fold
from reconciler.model.packages import Content, Package, SetupPart, Source, SourceProblem, SourceRequest
from reconciler.model.priority import Priority


@dataclass(frozen=True, kw_only=True)
class Offer:
    """What a job can ask of a package, known for each declared one, also if it is left out."""

    candidate: Candidate

    @cached_property
    def origin(self) -> SiteName:
        return SiteName(Fields(self.candidate.spec).text("origin"))

    @cached_property
    def priority(self) -> Priority:
        return Priority.of(Fields(self.candidate.spec).text("priority", "medium"))

    @cached_property
    def parts(self) -> frozenset[SetupPart]:
        return frozenset(SetupPart(part) for part in Fields(self.candidate.spec).below("setups").body)

    @property
    def part_names(self) -> str:
        """`inventory and sharing`."""
        return " and ".join(sorted(part.value for part in self.parts))

    @cached_property
    def commands(self) -> Spelling:
        return Spelling(command.text("name") for command in commands_of(self.candidate))


def commands_of(package: Candidate) -> tuple[Fields, ...]:
    """The commands for workstations, as declared."""
    return tuple(Fields(package.spec).below("setups").below("workstation").each("commands"))


def request_of(package: Candidate) -> SourceRequest:
    """What has to be read to know its content."""
    source = Fields(package.spec).below("source")
    pin = source.optional_text("digest")
    return SourceRequest(
        package=PackageName(package.name),
        path=source.text("path"),
        exclude=source.texts("exclude"),
        pin=None if pin is None else Digest(pin),
    )


def check_package(package: Candidate, content: Content | SourceProblem | None, *, findings: Findings) -> None:
    """What is wrong in the package itself. `content` is None for one that was not read, as its name is not its own."""
    _check_commands(package, findings)
    if isinstance(content, SourceProblem):
        findings.error(package, ("source", "path"), code=content.code, message=content.message, hint=content.hint)
    elif content is not None:
        _check_pin(package, content, findings)


def check_origin(package: Candidate, *, sites: Roster, findings: Findings) -> None:
    """Whether a package can be created at its origin, which is not up to the package alone."""
    origin = sites.by_name.get(Fields(package.spec).text("origin"))
    if origin is not None and not is_primary(origin):
        findings.error(
            package,
            ("origin",),
            code="not-primary",
            message=f'site "{origin.name}" is secondary ({origin.line}): no package can be created there',
            hint="a secondary site is administered from its parent: create the package there",
        )


def read_package(package: Candidate, content: Content) -> Package:
    """The package; nothing is wrong with it any more."""
    spec = Fields(package.spec)
    request = request_of(package)
    setup = canonical_setup(spec.below("setups").body)
    return Package(
        name=request.package,
        origin=SiteName(spec.text("origin")),
        source=Source(
            path=request.path,
            exclude=request.exclude,
            pin=request.pin,
            where=package.where(("source", "path")),
        ),
        setups=setup.setups,
        setup=setup.digest,
        setup_size=setup.size,
        where=package.place,
        labels=package.labels,
        title=spec.text("title"),
        version=spec.text("version"),
        keep=spec.integer("keep", 3),
        priority=Priority.of(spec.text("priority", "medium")),
        content=content,
    )


def _check_commands(package: Candidate, findings: Findings) -> None:
    """Two commands of one name, without regard to case: a job could not say which it means."""
    known: dict[str, int] = {}
    for index, command in enumerate(commands_of(package)):
        name = command.text("name")
        first = known.setdefault(fold(name), index)
        if first != index:
            findings.error(
                package,
                command.at("name"),
                code="duplicate-command",
                message=f'command "{name}" is declared already, as commands[{first}]',
                hint="rename one of them",
            )


def _check_pin(package: Candidate, content: Content, findings: Findings) -> None:
    pin = Fields(package.spec).below("source").optional_text("digest")
    if pin is None or pin == content.digest:
        return
    findings.error(
        package,
        ("source", "digest"),
        code="pin-mismatch",
        message=f'the source of "{package.name}" has the digest {content.digest}, but is pinned to {pin}',
        hint=f"if the new content is meant: reconcile pin {package.name}",
    )
