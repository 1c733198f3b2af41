"""Ask for a command and wait for its end; as a program, the command `reconcile` of a shell.

    python -IS tests/forks/asking.py SOCKET ARGUMENTS...

It imports nothing that takes time: a page of the documentation runs it a dozen times.
"""

import _socket
import marshal
import os
import sys

PID = 10


def ask(place: str, arguments: list[str], *, folder: str, variables: dict[str, str], streams: list[int]) -> int:
    """The exit code of `reconcile ARGUMENTS...` with these streams as its 0, 1 and 2; negative for a signal."""
    link = asked(place, arguments, folder=folder, variables=variables, streams=streams)
    link.recv(PID)
    code = link.recv(16)
    link.close()
    return int(code)


def asked(
    place: str, arguments: list[str], *, folder: str, variables: dict[str, str], streams: list[int]
) -> _socket.socket:
    """Where its process id is told, in so many digits, and once it has ended its exit code."""
    link = _socket.socket(_socket.AF_UNIX, _socket.SOCK_STREAM)
    link.connect(place)
    passed = b"".join(stream.to_bytes(4, sys.byteorder) for stream in streams)
    link.sendmsg([b"?"], [(_socket.SOL_SOCKET, _socket.SCM_RIGHTS, passed)])
    link.sendall(marshal.dumps((arguments, folder, variables)))
    link.shutdown(_socket.SHUT_WR)
    return link


if __name__ == "__main__":
    ended = ask(sys.argv[1], sys.argv[2:], folder=os.getcwd(), variables=dict(os.environ), streams=[0, 1, 2])
    sys.exit(ended if ended >= 0 else 128 - ended)
