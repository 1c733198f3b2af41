"""`gc --yes` again and again and without any grace, until it is killed; the fleet is the one of the working directory.

    python -m tests.end_to_end.collecting

Prints a line for each store it looked at: what came of it, and how many files it deleted.
"""

import time

from reconciler import wiring
from reconciler.cli.options import Options
from reconciler.cli.removing import taking_of
from reconciler.cli.workplace import work_in
from reconciler.engine.collecting.collect import Collecting, collect
from reconciler.engine.collecting.places import places
from reconciler.model.collection import Action
from reconciler.model.instants import Seconds

BETWEEN = 0.05
"""Seconds, so that sends have their turn as well."""


def main() -> None:
    place = work_in(Options(quiet=True))
    taking = taking_of(place)
    state = place.open_state(write=True)
    while True:
        work = Collecting(
            fleet=place.read_fleet().fleet,
            state=state,
            open_sender=wiring.open_sender,
            now=place.now,
            taking=taking,
            grace=Seconds(0),
        )
        there = tuple(places(work.fleet.sites, depot_folder="none"))
        for found in collect(there, work):
            faults = (*(failure.detail for failure in found.failures), *found.unsure)
            print(found.outcome.value, len(found.of(Action.DELETE)), *faults, flush=True)
        time.sleep(BETWEEN)


if __name__ == "__main__":
    main()
