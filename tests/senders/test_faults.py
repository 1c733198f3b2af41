import errno
import os

import pytest

from reconciler.model.snapshot import Cause
from reconciler.model.stores import StoreFault
from reconciler.senders.faults import store_fault, told_of

TABLE = {
    errno.ENOSPC: (Cause.SPACE, False),
    errno.EDQUOT: (Cause.SPACE, False),
    errno.EACCES: (Cause.PERMISSION, False),
    errno.EPERM: (Cause.PERMISSION, False),
    errno.EROFS: (Cause.PERMISSION, False),
    errno.ENAMETOOLONG: (Cause.PERMISSION, True),
    errno.EILSEQ: (Cause.PERMISSION, True),
    errno.EKEYEXPIRED: (Cause.AUTHENTICATION, False),
    errno.ENOKEY: (Cause.AUTHENTICATION, False),
    errno.EIO: (Cause.NETWORK, False),
    errno.ESTALE: (Cause.NETWORK, False),
    errno.ETIMEDOUT: (Cause.NETWORK, False),
    errno.ENOTCONN: (Cause.NETWORK, False),
    errno.EHOSTDOWN: (Cause.NETWORK, False),
    errno.EMFILE: (Cause.NETWORK, False),
    0: (Cause.NETWORK, False),
}


@pytest.mark.parametrize("number", TABLE)
def test_each_complaint_of_the_system_has_a_cause(number: int) -> None:
    fault = store_fault(OSError(number, "told by the system"), "/srv/store/packs")
    assert (fault.cause, fault.permanent) == TABLE[number]
    assert fault.detail.startswith("/srv/store/packs: ")
    assert "\n" not in fault.detail


def test_the_line_names_the_place_and_what_is_wrong() -> None:
    with pytest.raises(StoreFault) as told, told_of("/srv/store"):
        os.mkdir("/proc/none")
    assert told.value.detail == "/srv/store: no such file or directory"
