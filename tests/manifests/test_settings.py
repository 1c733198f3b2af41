"""`reconciler.yaml` to settings, and where each came from."""

import pytest

from reconciler.manifests.declaring.settings import DEFAULTS, SettingsRead, read_settings
from reconciler.model.diagnostics import Where
from reconciler.model.selectors import Expression, Operator, Selector
from reconciler.model.settings import (
    Credential,
    Default,
    EventKind,
    GitSettings,
    Guards,
    Listen,
    Notifier,
    Owned,
    Retry,
    Settings,
    ShareGuard,
    UsableSites,
    Webhook,
    Workers,
)
from reconciler.model.source_text import SourceText


def read(spec: str) -> SettingsRead:
    text = f"apiVersion: reconciler/v1\nkind: Config\nspec:\n{spec}"
    return read_settings(SourceText(file="conf/r.yaml", directory="/repo/conf", data=text.encode()), directory="/cwd")


def settings(spec: str) -> Settings:
    found = read(spec)
    assert found.diagnostics == ()
    assert found.settings is not None
    return found.settings


def test_without_a_file_every_default_of_the_model_holds() -> None:
    assert read_settings(None, directory="/work").settings == Settings(
        file=None, manifest_paths=(), state_url="sqlite:////work/.reconciler/state.db", credentials={}
    )


def test_an_empty_spec_is_the_same_seen_from_its_folder() -> None:
    assert settings("  {}\n") == Settings(
        file="conf/r.yaml", manifest_paths=(), state_url="sqlite:////repo/conf/.reconciler/state.db", credentials={}
    )


def test_every_field_is_read() -> None:
    found = settings(
        """\
  manifests: {paths: [m, ../n, /abs/./o], ignore: ["*.draft.yaml"]}
  state: {url: "sqlite:///x/../y.db"}
  guards:
    changedPackages: {share: 12.5%}
    cancellations: {from: 1}
    heals: {share: 0%, from: 0}
    bytes: 1GB
    siteRemovals: allow
    emptyManifests: allow
  defaults:
    - {kind: Site, match: [{matchLabels: {link: dsl}}], spec: {keep: 2}}
  settle: 5s
  workers: {count: 4, lease: 1m, retry: {first: 1s, factor: 1.5, max: 1h}}
  credentials: {a: {user: "env:U"}}
  git: {repo: /srv/fleet.git, branch: main, poll: 1m, requireSigned: true, allowedSigners: signers}
  ownership: [{paths: [a/], kinds: [Job], names: ["a*"], labels: {t: a}, uses: {packages: [c], sites: [{names: [D]}]}}]
  metrics: {listen: "9464"}
  notify: [{name: n, events: [mended], webhook: {url: "env:U", secret: "env:S"}}, {name: m, command: [c, d]}]
"""
    )
    assert found == Settings(
        file="conf/r.yaml",
        manifest_paths=("/repo/conf/m", "/repo/n", "/abs/o"),
        ignore=("*.draft.yaml",),
        state_url="sqlite:////repo/conf/y.db",
        guards=Guards(
            changed_packages=ShareGuard(share=12.5, start=5),
            cancellations=ShareGuard(share=30.0, start=1),
            heals=ShareGuard(share=0.0, start=0),
            bytes=10**9,
            allow_site_removals=True,
            allow_empty_manifests=True,
        ),
        defaults=(
            Default(
                kind="Site",
                match=(Selector((Expression(key="link", operator=Operator.IN, values=("dsl",)),)),),
                spec={"keep": 2},
                where=Where("conf/r.yaml", 14, 7),
            ),
        ),
        settle=5,
        workers=Workers(count=4, lease=60, retry=Retry(first=1, factor=1.5, max=3600)),
        credentials={"a": Credential(references={"user": "env:U"})},
        git=GitSettings(
            repo="/srv/fleet.git", branch="main", poll=60, require_signed=True, allowed_signers="/repo/conf/signers"
        ),
        ownership=(
            Owned(
                paths=("a/",),
                kinds=("Job",),
                names=("a*",),
                labels={"t": "a"},
                uses_packages=("c",),
                uses_sites=(UsableSites(names=("D",), labels=Selector()),),
                where=Where("conf/r.yaml", 19, 15),
            ),
        ),
        listen=Listen(host="127.0.0.1", port=9464),
        notify=(
            Notifier(name="n", events=frozenset((EventKind.MENDED,)), webhook=Webhook(url="env:U", secret="env:S")),
            Notifier(name="m", events=frozenset(EventKind), command=("c", "d")),
        ),
    )


@pytest.mark.parametrize(
    ("typed", "listen"),
    [
        ("0.0.0.0:1", Listen(host="0.0.0.0", port=1)),
        ("::1:9464", Listen(host="::1", port=9464)),
        ("localhost:0", Listen(host="localhost", port=0)),
    ],
)
def test_where_the_page_is_served(typed: str, listen: Listen) -> None:
    assert settings(f'  metrics: {{listen: "{typed}"}}\n').listen == listen


@pytest.mark.parametrize(
    ("typed", "url"),
    [
        ("sqlite:///state.db", "sqlite:////repo/conf/state.db"),
        ("sqlite:////srv/state.db", "sqlite:////srv/state.db"),
        ("sqlite:///a@b/state.db", "sqlite:////repo/conf/a@b/state.db"),
    ],
)
def test_the_url_of_the_state(typed: str, url: str) -> None:
    assert settings(f'  state: {{url: "{typed}"}}\n').state_url == url


def test_a_database_of_later_versions_is_refused_at_its_line() -> None:
    found = read('  settle: 2s\n  state: {url: "postgresql://db.example.org/reconciler?sslmode=require"}\n')
    assert found.settings is None
    assert [(one.where.line, one.code, one.path) for one in found.diagnostics] == [(5, "not-yet", "spec.state.url")]


@pytest.mark.parametrize(
    "url",
    [
        "postgresql://u:hunter2@h/d",
        "postgresql://u@h/d",
        "postgresql://h/d?user=u&password=hunter2",
        "x://u:hunter2@h",
        "postgresql://[u:hunter2@h",
    ],
)
def test_a_secret_in_the_url_is_an_error_that_does_not_show_it(url: str) -> None:
    found = read(f'  state: {{url: "{url}"}}\n')
    assert found.settings is None
    assert [one.code for one in found.diagnostics] == ["secret-in-url"]
    assert "hunter2" not in repr(found)


@pytest.mark.parametrize(
    "value", ["hunter2", "12345", "[hunter2]", "{hunter2: x}", "env:hunter-2", "~", "!!str hunter2"]
)
def test_a_credential_that_is_no_reference_is_an_error_that_does_not_show_it(value: str) -> None:
    found = read(f"  credentials: {{a: {{password: {value}}}}}\n")
    assert found.settings is None
    assert [one.code for one in found.diagnostics] in (["secret-in-settings"], ["explicit-tag"])
    assert "hunter" not in repr(found)
    assert "12345" not in repr(found)


def test_everything_wrong_with_the_settings_is_told_in_one_run() -> None:
    found = read(
        """\
  state: {url: "postgresql://u:hunter2@h/d"}
  defaults:
    - {kind: Site, spec: {address: {type: directory, path: "/{x}"}, kep: 1}}
  settle: soon
"""
    )
    codes = [(one.where.line, one.code) for one in found.diagnostics]
    assert codes == [(4, "secret-in-url"), (6, "unknown-placeholder"), (6, "unknown-field"), (7, "invalid-format")]


def test_each_setting_tells_where_it_was_written() -> None:
    found = read("  guards:\n    heals: {share: 10%}\n  manifests: {paths: [m]}\n")
    by_name = {field.name: field for field in found.fields}
    assert list(by_name) == sorted(DEFAULTS)
    assert by_name["guards.heals.share"].value == "10%"
    assert by_name["guards.heals.share"].where == Where("conf/r.yaml", 5, 20)
    assert by_name["guards.heals.from"].value == 10
    assert by_name["guards.heals.from"].where is None
    assert by_name["manifests.paths"].value == ["/repo/conf/m"]
    assert by_name["state.url"].value == "sqlite:////repo/conf/.reconciler/state.db"
    assert by_name["state.url"].where is None


def test_an_empty_file_is_no_settings() -> None:
    source = SourceText(file="reconciler.yaml", directory="/repo", data=b"")
    found = read_settings(source, directory="/repo")
    assert found.settings is None
    assert [one.code for one in found.diagnostics] == ["empty-file"]


@pytest.mark.parametrize(
    "way",
    [
        "service: hunter2",
        "service: 'mailto://u:hunter2@h'",
        "service: [hunter2]",
        "webhook: 'https://hooks.example.org/hunter2'",
        "webhook: {url: 'https://h', secret: hunter2}",
        "webhook: {url: 'https://h', secret: {hunter2: x}}",
        "webhook: {url: 'hooks.example.org/hunter2'}",
        "webhook: {url: 'env:hunter-2'}",
        "webhook: {url: 'https://anna:hunter2@h/'}",
        "webhook: {url: 'HTTPS://hunter2@h/'}",
        "webhook: {url: [hunter2]}",
    ],
)
def test_a_secret_of_a_notifier_is_an_error_that_does_not_show_it(way: str) -> None:
    found = read(f"  notify:\n    - {{name: ops, {way}}}\n")
    assert found.settings is None
    assert {one.code for one in found.diagnostics} <= {"secret-in-settings", "secret-in-url"}
    assert "hunter" not in repr(found)


@pytest.mark.parametrize("url", ["https://h/a?b=c@d", "http://h#@", "env:HOOK", "file:/run/a@b"])
def test_an_at_sign_behind_the_host_names_nobody(url: str) -> None:
    assert read(f'  notify:\n    - {{name: ops, webhook: {{url: "{url}"}}}}\n').settings is not None
