"""What people read of a verification and of an enrolment, and that nothing from a site harms their terminal."""

from reconciler.model.enrolment import Enrolled, Enrolment
from reconciler.model.holdings import Absent, Damaged, Holding, Staged, Unknown
from reconciler.model.names import PackageName, SiteName
from reconciler.model.verification import Answer, Effect, Found, PairLook, SiteLook, Stranger
from reconciler.views.enrolment import enrolment_text
from reconciler.views.verification import verification_text
from tests.builders import NOW, held

WHOLE = Staged(held=held("D1 S1"), verified_at=NOW)


def pair(package: str, before: Holding, found: Found, *, site: str = "DE1", **fields: object) -> PairLook:
    given = {"known_number": 4, "mark": 4, "number": 4} | fields
    return PairLook(package=PackageName(package), site=SiteName(site), before=before, found=found, **given)  # type: ignore[arg-type]


LOOKS = (
    SiteLook(site=SiteName("RIGA-03"), answer=Answer.SILENT, detail="no answer for 60 s"),
    SiteLook(site=SiteName("NEW1"), answer=Answer.EMPTY),
    SiteLook(
        site=SiteName("FR1"),
        answer=Answer.OTHER,
        detail="the store belongs to site DE2, not to FR1",
        pairs=(pair("till-4", WHOLE, Unknown(reason="x"), site="FR1", effect=Effect.DRIFT, why="x"),),
    ),
    SiteLook(
        site=SiteName("DE1"),
        answer=Answer.READ,
        bytes=3 * 2**20,
        pairs=(
            pair("cad", WHOLE, Damaged(held=held("D1 S1"), found_at=NOW), effect=Effect.DRIFT, why="pack 7 is gone"),
            pair("office", WHOLE, WHOLE),
            pair("old", Absent(lost=held("D1 S1")), Absent(), why="record 4 is not there", number=0),
            pair("sap", WHOLE, WHOLE, effect=Effect.IN_FLIGHT),
            pair("till-4", WHOLE, Absent(), effect=Effect.DRIFT, why="record 4 is not there", number=0, held=True),
            pair("till-5", WHOLE, WHOLE, effect=Effect.MOVED),
            pair("till-6", Absent(), WHOLE, effect=Effect.DRIFT, known_number=0, mark=0),
            pair("till-7", WHOLE, WHOLE, effect=Effect.DRIFT, number=6),
        ),
        strangers=(Stranger(name="evil\x1b[31m", kind="file"),) * 3,
        stranger_count=9,
    ),
)

TEXT = """\
DE1      drift               5 of 8 pairs, 1 in flight, 3.0 MiB read
  cad@DE1  staged -> content-damaged  pack 7 is gone
  old@DE1  still content-missing  record 4 is not there
  till-4@DE1  staged -> content-missing  record 4 is not there; it heals and is lost again and again: held until \
`reconcile resume till-4@DE1`
  till-5@DE1  moved on meanwhile: not counted
  till-6@DE1  staged, not known before
  till-7@DE1  staged, number 6 instead of 4
  evil\\x1b[31m: a file, none of ours; left alone
  evil\\x1b[31m: a file, none of ours; left alone
  evil\\x1b[31m: a file, none of ours; left alone
  6 more that are none of ours
FR1      another store       the store belongs to site DE2, not to FR1
  till-4@FR1  staged -> unknown  x
NEW1     no store yet        the first send makes it the site's store
RIGA-03  could not be asked  no answer for 60 s

Verified 4 sites: 1 with drift, 1 without a store yet, 1 another store, 1 could not be asked; 3.0 MiB read.
6 pairs with drift: 1 content-damaged, 2 content-missing, 2 staged, 1 unknown.
The next pass heals what is required: reconcile
"""


def test_a_line_for_each_site_and_for_each_pair_that_is_not_as_it_was() -> None:
    assert verification_text(LOOKS, color=False, written=True) == TEXT


def test_nothing_to_ask_is_said() -> None:
    assert verification_text((), color=False, written=True) == "No site has an address: there is no store to verify.\n"


def test_an_enrolment_is_a_line_with_what_is_not_whole_beneath() -> None:
    enrolments = (
        Enrolment(site=SiteName("FR1"), enrolled=Enrolled.REFUSED, detail="the store belongs to site \x07"),
        Enrolment(site=SiteName("DE1"), enrolled=Enrolled.TAKEN_OVER, look=LOOKS[-1], superseded=2, released=1),
    )
    assert enrolment_text(enrolments, color=False, written=False).splitlines() == [
        "DE1  taken over: 1 content-damaged, 2 content-missing, 5 staged, 3.0 MiB read; "
        "2 open sends superseded by what is there, 1 send that waited may go on",
        "  cad@DE1  content-damaged  pack 7 is gone",
        "  old@DE1  content-missing  record 4 is not there",
        "  till-4@DE1  content-missing  record 4 is not there",
        "  till-5@DE1  moved on meanwhile: not counted; `reconcile verify DE1`",
        "FR1  refused: the store belongs to site \\x07",
        "Nothing was written.",
    ]
