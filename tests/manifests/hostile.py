"""Inputs that kill, hang or bloat loaders of YAML, each about a mebibyte. Run alone, it reads them all.

A parser that dies of a signal would take the tests with it, so this runs in a process of its own.
"""

import sys
import time
from collections.abc import Iterator

from reconciler.manifests.declaring.declare import declare
from reconciler.model.source_text import SourceText

SIZE = 2**20

HEAD = "apiVersion: reconciler/v1\nkind: Job\nmetadata: {name: a}\nspec:\n"


def filled(unit: str, *, before: str = "", after: str = "") -> bytes:
    """The unit again and again, up to a mebibyte."""
    room = SIZE - len(before.encode()) - len(after.encode())
    return (before + unit * (room // len(unit.encode())) + after).encode()


def inputs() -> Iterator[tuple[str, bytes]]:
    """Name and bytes of each."""
    for unit in (
        *(
            "[",
            "{",
            "- ",
            "? ",
            "&a ",
            "*a ",
            "!a ",
            "!!a ",
            "'",
            '"',
            "|",
            ">",
            "%",
            "@",
            "`",
            ",",
            "]",
            "}",
            ":",
            "#",
        ),
        *(
            "a: ",
            "a:\n ",
            "- \n",
            "---\n",
            "...\n",
            "--- a\n",
            "\n",
            "\r",
            " ",
            "\t",
            "\ufeff",
            "\u2028",
            "a",
            "a\n",
            "1",
        ),
        *("[]: ", "{}: ", "? a\n", ": a\n", "!<a> ", "&a a: *a\n", "a: &a a\n", "<<: ", '"\\', "\\", "%YAML 1.1\n"),
        *(
            "%TAG !a! b\n",
            "# c\n",
            "[a, ",
            "{a: ",
            "[{",
            "- - ",
            "- ? ",
            "-\n ",
            "a: [\n",
            "\u00e9",
            "\U0001f600",
            "\0",
        ),
    ):
        yield f"only {unit!r}", filled(unit)
    yield "many anchors", filled("- &a a\n")
    yield "many tag directives", "".join(f"%TAG !a{number}! b\n" for number in range(60_000)).encode()
    yield "block nesting", "".join(f"{' ' * depth}a:\n" for depth in range(1400)).encode()
    yield "block lists", "".join(f"{' ' * depth}-\n" for depth in range(1400)).encode()
    yield "brackets on lines", filled("[\n")
    yield "flow in keys", filled("[", before="? ")
    yield "long key", filled("k", after=": v\n")
    yield "long quoted key", filled("k", before='"', after='": v\n')
    yield "long anchor", filled("k", before="a: &", after=" v\n")
    yield "long alias", filled("k", before="a: *")
    yield "long tag", filled("k", before="a: !", after=" v\n")
    yield "long comment", filled("#", before="a: b #")
    yield (
        "long name",
        filled("a", before="apiVersion: reconciler/v1\nkind: Site\nspec: {}\nmetadata: {name: ", after="}\n"),
    )
    yield (
        "long number",
        filled("1", before="apiVersion: reconciler/v1\nkind: Site\nmetadata: {name: a}\nspec: {keep: ", after="}"),
    )
    yield (
        "long label",
        filled(
            "a.", before="apiVersion: reconciler/v1\nkind: Site\nspec: {}\nmetadata: {name: a, labels: {", after=": b}}"
        ),
    )
    yield (
        "long prefix",
        filled(
            "a-",
            before="apiVersion: reconciler/v1\nkind: Site\nspec: {}\nmetadata: {name: a, labels: {",
            after="/a: b}}",
        ),
    )
    yield "long kind", filled("s", before="apiVersion: reconciler/v1\nkind: ", after="\nspec: {}\n")
    yield "many equal keys", filled("a: 1\n")
    yield "many keys", "".join(f"k{number}: 1\n" for number in range(49_000)).encode()
    yield (
        "keys and their doubles",
        ("".join(f"k{number}: 1\n" for number in range(24_000)) + "k23999: 1\n" * 24_000).encode(),
    )
    yield "many fields", f"{HEAD}{''.join(f'  k{number}: 1{chr(10)}' for number in range(45_000))}".encode()
    yield "many wrong entries", f"{HEAD}  package: p\n  targets: [{'1,' * 90_000}]\n".encode()
    yield "many phases", f"{HEAD}  package: p\n  phases: [{'send,' * 90_000}]\n  targets: [names: a]\n".encode()
    yield "mixed phases", f"{HEAD}  package: p\n  phases: [{'send,[],{},1,' * 9_000}]\n  targets: [names: a]\n".encode()
    yield "many null documents", filled("--- ~\n")
    yield "many small documents", filled("--- {}\n")
    yield (
        "many objects",
        filled("---\napiVersion: reconciler/v1\nkind: Site\nmetadata: {name: a}\nspec: {x: 1, y: 2}\n"),
    )
    laughs = "a: &a [lol]\n" + "".join(
        f"{here}: &{here} [{', '.join([f'*{before}'] * 9)}]\n"
        for before, here in zip("abcdefghi", "bcdefghij", strict=True)
    )
    yield "billion laughs", laughs.encode()
    yield "laughs in one target", f"{HEAD}  a: &a [{'x,' * 900}]\n  targets: [{'*a,' * 90}]\n".encode()
    yield "alias chain", ("a0: &a0 x\n" + "".join(f"a{n}: &a{n} [*a{n - 1}]\n" for n in range(1, 9_000))).encode()
    yield "utf-16", filled("a: b\n").decode().encode("utf-16")[:SIZE]
    yield "utf-32", filled("a: b\n").decode().encode("utf-32")[:SIZE]
    yield "all bytes", bytes(range(256)) * 4096
    yield "surrogates", b"a: \xed\xa0\x80\n"
    yield "escaped surrogates", b'a: "\\ud800"\n'
    yield "long sequences of bytes", b"\xf8\x88\x80\x80\x80" * 1000
    yield "one byte too many", filled("a") + b"a"


def main() -> None:
    """One line for each input: seconds of the processor, name, codes."""
    for name, data in inputs():
        assert len(data) <= SIZE + 1, name
        begun = time.process_time()
        source = SourceText(file="a.yaml", directory="/fleet", data=data)
        declared = declare([source], defaults=(), settings_directory="/fleet")
        codes = sorted({diagnostic.code for diagnostic in declared.diagnostics})
        sys.stdout.write(f"{time.process_time() - begun:.2f}\t{name}\t{' '.join(codes)}\n")
        sys.stdout.flush()


if __name__ == "__main__":
    main()
