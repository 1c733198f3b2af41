"""One of several processes that create and publish the same names in one store.

    python -m tests.senders.contender TYPE PATH NUMBER NAMES

It says `ready`, waits for a line, and prints the names it won.
"""

import sys

from reconciler.model.sites import Address
from reconciler.senders.protocol import Sender, Taken
from reconciler.wiring import open_sender


def contend(sender: Sender, number: int, names: int) -> list[str]:
    """The names won, every second one by publishing."""
    won = []
    for name in (f"records/till/{count}" for count in range(names)):
        data = f"{number} " * 200
        try:
            if name.endswith(tuple("13579")):
                private = f"parts/{number}/{name[-4:].replace('/', '-')}"
                part = sender.begin(private)
                part.append(data.encode())
                part.flush()
                part.close()
                sender.publish([(private, name)])
            else:
                sender.create(name, data.encode())
            won.append(name)
        except Taken:
            pass
    return won


def main(type_: str, path: str, number: int, names: int) -> None:
    sender = open_sender(Address(type=type_, path=path))
    print("ready", flush=True)
    sys.stdin.readline()
    print(*contend(sender, number, names), sep="\n")
    sender.close()


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2], int(sys.argv[3]), int(sys.argv[4]))
