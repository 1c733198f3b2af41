"""The place of every key and value is where it was typed, in block and flow style, in every document of a file."""

from collections.abc import Sequence
from dataclasses import dataclass, field

from hypothesis import given
from hypothesis import strategies as st

from reconciler.manifests.documents import Document
from reconciler.manifests.parsing.text import read_text
from reconciler.model.diagnostics import Where

Path = tuple[str | int, ...]

TEXTS = st.one_of(
    st.sampled_from(["x", "EU1", "no", "22:00", "4.10.1", "a b", "\u00fc", "\U0001f600 and more"]),
    st.integers(-99, 99),
    st.booleans(),
)
KEYS = st.sampled_from(["a", "bc", "key", "with space", "\u00e9", "no", "01"])
VALUES = st.recursive(
    TEXTS,
    lambda below: st.one_of(st.lists(below, max_size=3), st.dictionaries(KEYS, below, max_size=3)),
    max_leaves=12,
)
BODIES = st.dictionaries(KEYS, VALUES, min_size=1, max_size=4)


@dataclass
class Typist:
    """Types documents and remembers where each key and value began."""

    choices: st.DataObject
    text: str = ""
    keys: dict[Path, tuple[int, int]] = field(default_factory=dict)
    values: dict[Path, tuple[int, int]] = field(default_factory=dict)

    def place(self) -> tuple[int, int]:
        return self.text.count("\n") + 1, len(self.text) - self.text.rfind("\n")

    def draw(self, *choices: str) -> str:
        return self.choices.draw(st.sampled_from(choices))

    def scalar(self, value: object) -> None:
        typed = str(value).lower() if isinstance(value, bool) else str(value)
        quote = self.draw("", "'", '"') if isinstance(value, str) else ""
        self.text += f"{quote}{typed}{quote}"

    def flow(self, value: object, path: Path) -> None:
        self.values[path] = self.place()
        if isinstance(value, dict):
            self.text += self.draw("{", "{ ", "{\n       ")
            for key, below in value.items():
                self.keys[(*path, key)] = self.place()
                self.scalar(key)
                self.text += ": "
                self.flow(below, (*path, key))
                self.text += self.draw(", ", ",   ", ",\n         ")
            self.text += "}"
        elif isinstance(value, list):
            self.text += self.draw("[", "[ ")
            for index, below in enumerate(value):
                self.flow(below, (*path, index))
                self.text += self.draw(", ", " , ")
            self.text += "]"
        else:
            self.scalar(value)

    def block(self, value: object, path: Path, indent: int) -> None:
        """The value, from the beginning of a line or after a dash."""
        if not value or not isinstance(value, dict | list) or self.draw("block", "flow") == "flow":
            self.text += " " * indent if self.text.endswith("\n") else ""
            self.flow(value, path)
            self.text += self.draw("\n", "  # comment\n", "\n\n")
            return
        entries: Sequence[tuple[str | int, object]] = (
            list(value.items()) if isinstance(value, dict) else list(enumerate(value))
        )
        for number, (step, below) in enumerate(entries):
            self.text += " " * indent if self.text.endswith("\n") else ""
            if number == 0:
                self.values[path] = self.place()
            self.keys[(*path, step)] = self.place()
            if isinstance(step, str):
                self.scalar(step)
                self.text += ":"
                nested = bool(below) and isinstance(below, dict | list) and self.draw("nested", "beside") == "nested"
                self.text += "\n" if nested else " "
                if nested:
                    self.block(below, (*path, step), indent + 2)
                else:
                    self.flow(below, (*path, step))
                    self.text += "\n"
            else:
                self.text += "- "
                self.block(below, (*path, step), indent + 2)


@given(st.lists(BODIES, min_size=1, max_size=3), st.data())
def test_the_place_of_every_key_and_value_is_where_it_was_typed(
    bodies: list[dict[str, object]], data: st.DataObject
) -> None:
    text = ""
    typists = []
    for body in bodies:
        typist = Typist(choices=data, text=f"{text}---\n")
        typist.block(body, (), 0)
        typists.append(typist)
        text = typist.text
    read = read_text(text.encode(), "a.yaml")
    assert read.mistakes == ()
    for body, typist, parsed in zip(bodies, typists, read.documents, strict=True):
        assert parsed.body == body
        document = Document(kind="", name="", body=parsed.body, file="a.yaml", directory="/", marks=parsed.marks)
        for path, place in typist.values.items():
            assert document.where(*path) == Where("a.yaml", *place)
        for path, place in typist.keys.items():
            if isinstance(path[-1], str):
                assert document.where(*path, key=True) == Where("a.yaml", *place)


def test_the_place_of_what_is_not_there_is_that_of_its_nearest_parent() -> None:
    (parsed,) = read_text(b"a:\n  b: [c]\n", "a.yaml").documents
    document = Document(kind="", name="", body=parsed.body, file="a.yaml", directory="/", marks=parsed.marks)
    assert document.where("a", "b", 1) == Where("a.yaml", 2, 6)
    assert document.where("a", "x", "y") == Where("a.yaml", 2, 3)
    assert document.where("x", key=True) == Where("a.yaml", 1, 1)
