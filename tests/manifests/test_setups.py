"""The canonical form of a setup and its digest (sending.md 1, L2)."""

import hashlib
import json
import random
from importlib.resources import files
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from reconciler.manifests.resolving import setups
from reconciler.manifests.resolving.setups import canonical_setup
from tests.manifests.fleets import declared, resolved

WORDS = st.text("abc-", min_size=1, max_size=4)
COMMANDS = st.lists(
    st.fixed_dictionaries(
        {"name": WORDS, "run": WORDS},
        optional={"platforms": st.lists(WORDS, min_size=1, max_size=3, unique=True), "unattended": st.booleans()},
    ),
    min_size=1,
    max_size=4,
    unique_by=lambda command: command["name"],
)
ACCESS = st.sampled_from(["none", "read", "write"])
SETUPS = st.fixed_dictionaries(
    {},
    optional={
        "workstation": st.fixed_dictionaries({"commands": COMMANDS}),
        "sharing": st.fixed_dictionaries(
            {"share": WORDS},
            optional={"access": st.fixed_dictionaries({}, optional={"users": ACCESS, "guests": ACCESS})},
        ),
        "inventory": st.fixed_dictionaries(
            {
                "files": st.lists(
                    st.fixed_dictionaries({"name": WORDS}, optional={"version": WORDS}), min_size=1, max_size=3
                )
            }
        ),
    },
)


def test_the_canonical_form_has_defaults_filled_in_and_lists_sorted() -> None:
    canonical = canonical_setup(
        {
            "workstation": {
                "commands": [
                    {"run": "b.exe", "name": "remove"},
                    {
                        "name": "install",
                        "run": "a.exe",
                        "platforms": ["windows-x64", "windows-arm64"],
                        "unattended": True,
                    },
                ]
            },
            "sharing": {"share": "TILL"},
            "inventory": {"files": [{"name": "till.exe", "version": "4.20"}]},
        }
    )
    expected = {
        "inventory": {"files": [{"name": "till.exe", "version": "4.20"}]},
        "sharing": {"access": {"guests": "none", "users": "read"}, "share": "TILL"},
        "workstation": {
            "commands": [
                {"name": "install", "platforms": ["windows-arm64", "windows-x64"], "run": "a.exe", "unattended": True},
                {"name": "remove", "run": "b.exe", "unattended": False},
            ]
        },
    }
    assert canonical.setups == expected
    text = json.dumps(expected, sort_keys=True, separators=(",", ":")).encode()
    assert canonical.digest == "sha256:" + hashlib.sha256(text).hexdigest()
    assert canonical.size == len(text)


@given(SETUPS, st.randoms(use_true_random=False))
def test_L2_the_order_of_keys_commands_and_platforms_changes_no_digest(given: Any, order: random.Random) -> None:
    assert canonical_setup(shuffled(given, order)) == canonical_setup(given)


@given(SETUPS)
def test_L2_a_default_that_is_written_out_changes_no_digest(given: Any) -> None:
    written = json.loads(json.dumps(given))
    for command in written.get("workstation", {}).get("commands", []):
        command.setdefault("unattended", False)
    if "sharing" in written:
        written["sharing"]["access"] = {"users": "read", "guests": "none"} | written["sharing"].get("access", {})
    assert canonical_setup(written) == canonical_setup(given)


@given(SETUPS, SETUPS)
def test_setups_of_different_meaning_have_different_digests(one: Any, other: Any) -> None:
    same = canonical_setup(one).setups == canonical_setup(other).setups
    assert (canonical_setup(one).digest == canonical_setup(other).digest) == same


def test_a_command_line_or_a_platform_makes_another_revision() -> None:
    command = {"name": "install", "run": "setup.exe", "platforms": ["windows-x64"]}
    digests = {
        canonical_setup({"workstation": {"commands": [command | change]}}).digest
        for change in (
            {},
            {"run": "setup.exe /q"},
            {"platforms": ["linux-x64"]},
            {"unattended": True},
            {"name": "set-up"},
        )
    }
    assert len(digests) == 5


def test_title_version_labels_priority_and_origin_are_not_part_of_the_setup() -> None:
    plain = """
        {kind: Site, metadata: {name: HQ1}, spec: {}}
        ---
        {kind: Site, metadata: {name: EU1}, spec: {parent: HQ1}}
        ---
        kind: Package
        metadata: {name: till-4}
        spec: {origin: HQ1, source: {type: directory, path: /a}, setups: {sharing: {share: TILL}}}
    """
    other = """
        kind: Package
        metadata: {name: till-4, labels: {team: retail}}
        spec:
          title: Till software
          version: "4.20"
          priority: high
          origin: EU1
          keep: 5
          source: {type: directory, path: /b, exclude: ["*.pdb"]}
          setups: {sharing: {share: TILL, access: {}}}
    """
    assert resolved(declared(plain)).fleet.packages[0].setup == resolved(declared(plain, other)).fleet.packages[0].setup


def test_the_defaults_are_those_of_the_schema() -> None:
    schema = json.loads((files("reconciler") / ".." / "schemas" / "package.v1.schema.json").read_text(encoding="utf-8"))
    found: dict[tuple[str, ...], dict[str, object]] = {}

    def collect(part: dict[str, Any], path: tuple[str, ...]) -> None:
        part = schema["$defs"][part["$ref"].rsplit("/", 1)[-1]] if set(part) == {"$ref"} else part
        if "items" in part:
            collect(part["items"], path)
        for key, below in part.get("properties", {}).items():
            if "default" in below:
                found.setdefault(path, {})[key] = below["default"]
            collect(below, (*path, key))

    collect(schema["$defs"]["spec"]["properties"]["setups"], ())
    assert found == {path: fields for path, fields in setups.DEFAULTS.items() if fields != {"access": {}}}


def shuffled(value: Any, order: random.Random) -> Any:
    if isinstance(value, dict):
        keys = list(value)
        order.shuffle(keys)
        return {key: shuffled(value[key], order) for key in keys}
    if isinstance(value, list):
        items = [shuffled(item, order) for item in value]
        order.shuffle(items)
        return items
    return value
