"""Asking many things at once that may never answer: a dead mount holds whoever touches it, for ever.

A thread that hangs in the system cannot be ended; it is left behind, and its place is given to the next.
"""

import queue
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from typing import TypeVar

Key = TypeVar("Key")
Answer = TypeVar("Answer")


def in_time(
    questions: Mapping[Key, Callable[[], Answer]], *, limit: float, at_once: int
) -> Iterator[tuple[Key, Answer | None]]:
    """Each question with its answer, as they come; None for one that took more than `limit` seconds.

    A question raises nothing. The threads die with the process, whatever holds them.
    """
    waiting = list(questions.items())[::-1]
    answers: queue.SimpleQueue[tuple[Key, Answer]] = queue.SimpleQueue()
    asked: dict[Key, float] = {}
    while waiting or asked:
        while waiting and len(asked) < at_once:
            key, question = waiting.pop()
            asked[key] = time.monotonic() + limit
            threading.Thread(target=_ask, args=(key, question, answers), daemon=True).start()
        try:
            key, answer = answers.get(timeout=max(0.0, min(asked.values()) - time.monotonic()))
        except queue.Empty:
            now = time.monotonic()
            for late in [key for key, until in asked.items() if until <= now]:
                del asked[late]
                yield late, None
            continue
        if asked.pop(key, None) is not None:
            yield key, answer


def _ask(key: Key, question: Callable[[], Answer], answers: "queue.SimpleQueue[tuple[Key, Answer]]") -> None:
    answers.put((key, question()))
