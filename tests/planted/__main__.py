"""`python -m tests.planted [NAME...]`: plant each bug and print which test caught it; 1 if one was not caught."""

import sys
import tempfile
from pathlib import Path

from tests.planted.bugs import bugs
from tests.planted.catching import catch, run


def main(names: list[str]) -> int:
    chosen = [bug for bug in bugs() if not names or bug.name in names]
    code, told = run(sorted({bug.test for bug in chosen}))
    if code:
        print(f"without any bug these tests must pass: {told}", file=sys.stderr)
        return 1
    missed = 0
    with tempfile.TemporaryDirectory() as folder:
        for result in catch(chosen, Path(folder)):
            missed += not result.caught
            print(
                f"{result.bug.name:36} {result.bug.test if result.caught else f'NOT CAUGHT: {result.said}'}", flush=True
            )
    print(f"{len(chosen) - missed} of {len(chosen)} caught")
    return int(missed > 0)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
