"""The planner's answers: whole conversations, and what it says in them."""

import time

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from dataferry.chat.consent import MessageConsent
from dataferry.chat.conversation import ChatMessage, Conversation, merged_cards
from dataferry.chat.intent import parse_intent, refs_to_download
from dataferry.chat.message_builder import MessageBuilder
from dataferry.chat.planner import Planner
from dataferry.chat.planner_text import escape_markdown
from dataferry.core.errors import NotFound
from dataferry.core.problems import SourceProblem
from dataferry.core.settings import Settings
from dataferry.core.sizes import readable_duration
from dataferry.core.types import Progress, SourceName
from dataferry.tools.formatting import format_size
from dataferry.tools.prompts import Prompts
from dataferry.tools.toolbox import Toolbox
from tests.support.chat import ANNA, HOSPITALS, IMDB, IRIS, PIMA, RETINA, TIME, MemoryLibrary, card

pytestmark = pytest.mark.anyio


class Talk:
    """One chat with the planner."""

    def __init__(self, library: MemoryLibrary | None = None) -> None:
        self.library = library or MemoryLibrary()
        self.said: list[ChatMessage] = []

    async def __call__(self, text: str) -> str:
        self.said.append(ChatMessage("user", text, [{"type": "text", "text": text}]))
        conversation = Conversation(list(self.said))
        settings = Settings(_env_file=None)
        box = Toolbox(
            ANNA, MessageConsent(conversation), self.library, self.library.jobs, settings, Prompts()
        )
        builder = MessageBuilder()
        async for event in Planner().answer(conversation, box):
            builder.apply(event)
        builder.close("")
        self.said.append(ChatMessage("assistant", builder.content, builder.parts))
        return builder.content

    @property
    def refs(self) -> list[str]:
        return [found.ref for found in merged_cards(self.said[-1].parts)]

    @property
    def requested(self) -> list[str]:
        return [str(ref) for _user, ref in self.library.requested]


def many(count: int) -> MemoryLibrary:
    return MemoryLibrary(*(card(f"kaggle:owner/birds-{n}", f"Birds {n}") for n in range(1, count + 1)))


async def test_an_answer_names_counts_the_best_and_the_next_act() -> None:
    talk = Talk()
    assert await talk("find diabetes datasets") == (
        "1 from Kaggle, 1 from HuggingFace.\n"
        "\n"
        "You can say “only CC0”, “newest first” or “download the first one”."
    )
    # The line stands above the cards, the hint below them; later answers give no hint.
    kinds = [part["type"] for part in talk.said[-1].parts]
    assert kinds == ["step-start", "text", "tool-search_datasets", "text"]
    assert await talk("find iris") == "Only one fits."


async def test_more_of_the_same_search() -> None:
    talk = Talk(many(23))
    await talk("find birds")
    assert talk.refs == [f"kaggle:owner/birds-{n}" for n in range(1, 11)]
    assert await talk("show more") == "All from Kaggle."
    await talk("more please")
    assert talk.refs == [f"kaggle:owner/birds-{n}" for n in (21, 22, 23)]
    await talk("download the second one")
    assert talk.requested == ["kaggle:owner/birds-22"]
    assert (await talk("show more")).startswith("That was all for “birds”")
    assert (await Talk()("show more")).startswith("More of what?")


async def test_a_search_is_narrowed_and_filters_that_fit_nothing_are_dropped() -> None:
    talk = Talk()
    await talk("find diabetes or diabetic things")
    await talk("only on kaggle")
    assert talk.refs == [PIMA.ref, RETINA.ref]
    await talk("under 1 MB")
    assert talk.refs == [PIMA.ref]
    _query, sources, filters, *_ = talk.library.searches[-1]
    assert (sources, filters.max_bytes) == (("kaggle",), 1_000_000)
    answer = await talk("find diabetes as parquet on kaggle")
    assert answer == "Nothing fits all of that; these are without the limits. Only one fits."
    assert talk.refs == [PIMA.ref]


async def test_what_cannot_be_narrowed_to_is_said() -> None:
    answer = await Talk()("diabetes data with a permissive licence")
    assert "2 of them have a licence whose text allows commercial use; each card says so." in answer


async def test_nothing_found() -> None:
    talk = Talk()
    assert await talk("find zebras") == "Fewer words, or other ones, may find more."
    assert len(talk.library.searches) == 1


def problem(source: SourceName, code: str) -> SourceProblem:
    return SourceProblem(source=source, code=code, detail="It is said beside.", next_step="Wait.")


async def test_what_a_source_said_is_not_repeated() -> None:
    """It stands in ``source_errors``, once; the words say what it means for what is shown."""
    library = MemoryLibrary()
    library.problems = (problem("huggingface", "source_timeout"),)
    talk = Talk(library)
    for text in ("find diabetes", "find zebras"):
        assert (await talk(text)).startswith("Not every source answered, so there may be more.")


async def test_an_outage_is_told_as_one() -> None:
    library = MemoryLibrary()
    library.problems = (problem("kaggle", "source_unreachable"), problem("huggingface", "source_unreachable"))
    talk = Talk(library)
    mended = "Ask again once that is mended."
    assert await talk("find zebras under 1 MB") == f"No hub could be searched for “zebras”. {mended}"
    assert len(library.searches) == 1, "filters are not dropped for what nobody could answer"
    assert await talk("find iris") == "No hub could be searched; these are built in."
    library.problems = (problem("kaggle", "credential_rejected"),)
    assert await talk("zebras on kaggle") == f"No hub could be searched for “zebras”. {mended}"


async def test_details_then_download_it() -> None:
    library = MemoryLibrary()
    library.readmes[HOSPITALS.ref] = (
        "---\nlicense: cc\n---\n# Title\n\n![x](https://evil.test/x.png)\n\nTen years of care at 130"
        " hospitals, with [a link](https://evil.test) and <script>alert(1)</script> inside.\n"
    )
    talk = Talk(library)
    await talk("find diabetes")
    answer = await talk("tell me about the second one")
    assert answer.startswith("What its publisher says stands below.\n\n> Ten years of care")
    assert "Ten years of care at 130 hospitals" in answer
    assert r"\[a link\](`https://evil.test)`" in answer
    assert "<script>" not in answer
    answer = await talk("download it")
    assert talk.requested == [HOSPITALS.ref]
    assert answer == "The download goes on when you leave this page."


async def test_questions_about_one_fact_are_answered_in_a_sentence() -> None:
    closed = card(
        "kaggle:closed/set",
        "Closed diabetes set",
        2_000_000,
        license="CC-BY-NC-4.0",
        file_count=1,
        gated=True,
    )
    bare = card("huggingface:bare/set", "Bare diabetes set", None, license=None)
    old = card("builtin:old", "Old diabetes set", updated_at=TIME, file_count=3)
    talk = Talk(MemoryLibrary(closed, bare, old))
    await talk("find diabetes")
    answers = {
        "what's the licence of the first?": (
            "**Closed diabetes set** has the licence CC BY-NC 4.0, which does not allow commercial use."
            " That is what the texts say, not legal advice."
        ),
        "how big is it?": "**Closed diabetes set** has 2 MB in 1 file.",
        "is it gated?": (
            "**Closed diabetes set** is gated: its terms are to be accepted at its source before it can be"
            " downloaded."
        ),
        "can I use the second one commercially?": (
            "The source of **Bare diabetes set** states no licence; ask its publisher before you use it."
            " That is what the texts say, not legal advice."
        ),
        "which of them is allowed for a company?": (
            "- The licence's text allows commercial use: **Old diabetes set** (CC0 1.0).\n"
            "- Commercial use is not allowed: **Closed diabetes set** (CC BY-NC 4.0).\n"
            "- Not known: **Bare diabetes set** (–).\n\n"
            "That is what the texts say, not legal advice."
        ),
        "how large is the second?": "The source of **Bare diabetes set** does not tell its size.",
        "how many files does it have?": (
            "The source of **Bare diabetes set** does not tell how many files it has."
        ),
        "how old is the third?": "**Old diabetes set** was last updated on 2026-11-20.",
        "the smaller one": "Its card says all I know.",
    }
    for question, answer in answers.items():
        assert await talk(question) == answer
    assert talk.refs == [old.ref]


@pytest.mark.parametrize(
    ("search", "one", "several", "allowed"),
    [
        (
            "find diabetes",
            "may I use the first one commercially?",
            "which of them is allowed for a company?",
            "allows commercial use",
        ),
        (
            "Suche Daten zu diabetes",
            "Darf ich den ersten kommerziell nutzen?",
            "Welcher davon ist für eine Firma erlaubt?",
            "erlaubt kommerzielle Nutzung",
        ),
        (
            "busca datos de diabetes",
            "¿puedo usar el primero comercialmente?",
            "¿cuál de ellos está permitido para una empresa?",
            "permite el uso comercial",
        ),
        (
            "cherche des données sur diabetes",
            "puis-je utiliser le premier à des fins commerciales ?",
            "lequel est autorisé pour une entreprise ?",
            "permet l'usage commercial",
        ),
        (
            "procure dados de diabetes",
            "posso usar o primeiro comercialmente?",
            "qual deles é permitido para uma empresa?",
            "permite o uso comercial",
        ),
        ("查找 diabetes 数据", "第一个可以商用吗？", "其中哪个允许商业用途？", "允许商业用途"),
        (
            "diabetes のデータを探して",
            "最初のものは商用利用できますか？",
            "会社で使えるのはどれですか？",
            "商用利用を認めています",
        ),
        (
            "ابحث عن بيانات diabetes",
            "هل يمكنني استخدام الأول تجاريا؟",
            "أي منها مسموح لشركة؟",
            "يسمح بالاستخدام التجاري",
        ),
    ],
)
async def test_commercial_use_is_answered_by_the_table_in_every_language(
    search: str, one: str, several: str, allowed: str
) -> None:
    closed = card("kaggle:closed/set", "Closed diabetes set", license="CC-BY-NC-4.0")
    free = card("builtin:free", "Free diabetes set", license="MIT")
    named = card("kaggle:own/set", "Own diabetes set", license="Our own terms")
    talk = Talk(MemoryLibrary(closed, free, named))
    await talk(search)
    answer = await talk(one)
    assert "**Closed diabetes set**" in answer
    assert "CC BY-NC 4.0" in answer
    assert "**Free diabetes set**" not in answer
    first, second, third = (await talk(several)).split("\n\n")[0].splitlines()
    assert allowed in first
    assert "**Free diabetes set** (MIT)" in first
    assert "**Closed diabetes set** (CC BY-NC 4.0)" in second
    assert "**Own diabetes set** (Our own terms)" in third
    assert len(talk.library.searches) == 1


async def test_a_count_that_the_source_broke_off_is_told_as_one() -> None:
    """facts/wire.md, 1.5: the hub lists 100,000 files beside a description."""
    giant = HOSPITALS.model_copy(update={"file_count": 100_000, "more_files": True})
    talk = Talk(MemoryLibrary(giant))
    await talk("find diabetes")
    assert "has more than 100,000 files." in await talk("how many files does the first one have?")


async def test_a_download_without_a_target_is_asked_back() -> None:
    talk = Talk()
    assert (await talk("download it")).startswith("Which dataset shall I download?")
    await talk("find diabetes")
    answer = await talk("download it")
    assert answer.startswith("Which one shall I download?\n\n1. **Pima Indians")
    await talk("the first one")
    assert talk.requested == [PIMA.ref]
    assert "The last list has 2 datasets" in await talk("download the seventh")


async def test_several_downloads_at_once() -> None:
    talk = Talk()
    await talk("find diabetes or diabetic things")
    answer = await talk("download all of them")
    assert talk.requested == [PIMA.ref, HOSPITALS.ref]
    assert answer == ("The downloads go on when you leave this page. Press Download on its card to start it.")


async def test_an_id_that_either_hub_may_have_is_shown_first() -> None:
    talk = Talk()
    answer = await talk("download stanfordnlp/imdb")
    assert talk.requested == []
    assert talk.refs == [IMDB.ref]
    assert "download huggingface:stanfordnlp/imdb" in answer
    await talk("download it")
    assert talk.requested == [IMDB.ref]
    assert "paste its link" in await Talk()("download no/such")


async def test_refs_and_links() -> None:
    talk = Talk()
    await talk("builtin:iris")
    assert talk.refs == [IRIS.ref]
    await talk("download https://files.test/b.csv?key=SECRET")
    [(_user, ref)] = talk.library.requested
    assert ref.url == "https://files.test/b.csv?key=SECRET"
    assert "SECRET" not in str(talk.said[-1].parts)


async def test_what_is_here_already_is_not_downloaded_again() -> None:
    talk = Talk()
    talk.library.jobs.add(ANNA, PIMA.ref, PIMA.title, "succeeded")
    await talk("find diabetes")
    press = "Press Open on its card for what is here."
    assert await talk("download the first one") == press
    assert len(talk.library.jobs.of(ANNA)) == 1
    # Its source cannot be reached, or has it no longer.
    talk.library.gone[PIMA.ref] = talk.library.cards.pop(PIMA.ref)
    answer = await talk(f"download {PIMA.ref}")
    assert answer == press
    assert talk.refs == [PIMA.ref]
    assert "Its card says all I know." in await talk(f"tell me about {PIMA.ref}")
    # Without the person's order, too, there is nothing to wait for.
    outputs = [part["output"] for part in talk.said[-3].parts if part["type"] == "tool-start_download"]
    assert [(output["ticket"], output["reason"]) for output in outputs] == [
        (None, "It is in the library already.")
    ]


async def test_what_a_source_refuses_stands_in_the_tools_part_alone() -> None:
    talk = Talk()
    assert await talk("download kaggle:no/such") == "Nothing was started."
    errors = [part.get("errorText") for part in talk.said[-1].parts if part["type"] == "tool-start_download"]
    assert errors == ["Kaggle has no dataset no/such. Check its id."]


async def test_status_in_words() -> None:
    talk = Talk()
    assert await talk("how far is it?") == "Nothing is being downloaded, and nothing was lately."
    job = talk.library.jobs.add(ANNA, PIMA.ref, PIMA.title, "running")
    talk.library.jobs.move(job.id, "running", Progress(bytes_done=6_000, bytes_total=24_000, eta_s=200))
    # How it stands is told by its row, which is live; the words stay true beside it.
    assert await talk("how far is it?") == "1 download was under way when you asked."
    talk.library.jobs.add(ANNA, IRIS.ref, IRIS.title, "queued")
    assert await talk("what is downloading?") == "2 downloads were under way when you asked."
    talk.library.jobs.move(job.id, "succeeded", file_path="/store/pima")
    talk.library.jobs.move("job_2", "cancelled")
    assert await talk("status?") == "Nothing was under way when you asked. The latest:"


async def test_cancelling() -> None:
    talk = Talk()
    assert "nothing to cancel" in await talk("cancel it")
    talk.library.jobs.add(ANNA, PIMA.ref, PIMA.title, "running")
    talk.library.jobs.add(ANNA, IRIS.ref, IRIS.title, "running")
    answer = await talk("cancel it")
    assert answer == "Which one shall I cancel? Say its name, or “cancel all”."
    others = "Others who asked for the same dataset still get it."
    assert await talk("cancel iris") == others
    assert await talk("ok, cancel it") == others
    assert all(job.state == "cancelled" for job in talk.library.jobs.of(ANNA))


async def test_the_library() -> None:
    talk = Talk()
    assert (await talk("what do I have?")).startswith("Your library is empty.")
    talk.library.jobs.add(ANNA, IRIS.ref, IRIS.title, "succeeded")
    answer = await talk("what do I have?")
    assert answer == "It takes 4.6 kB on this machine."
    assert [part["type"] for part in talk.said[-1].parts][-2:] == ["tool-list_library", "text"]


@pytest.mark.parametrize(
    ("text", "begins"),
    [
        ("hello", "Hello! Tell me"),
        ("help", "I find datasets"),
        ("thanks", "You are welcome"),
        ("I need data", "What should the data be about?"),
        ("don't download it", "All right"),
        ("delete the first one", "I do not delete"),
    ],
)
async def test_small_talk(text: str, begins: str) -> None:
    talk = Talk()
    assert (await talk(text)).startswith(begins)
    assert talk.library.searches == []


async def test_a_search_that_fails_is_said() -> None:
    talk = Talk()
    talk.library.failure = NotFound("Nothing answers.", next_step="Look at the network.")
    assert await talk("find diabetes") == "Nothing could be searched."


def test_strangers_text_stays_text() -> None:
    assert escape_markdown("Chest X-Ray (Pneumonia) #1 + 2") == "Chest X-Ray (Pneumonia) #1 + 2"
    assert escape_markdown("[click] **b** `c` <i> ~~x~~") == r"\[click\] \*\*b\*\* \`c\` \<i\> \~\~x\~\~"
    assert escape_markdown("# a\n\n# b\n- c") == r"\# a # b - c"
    assert escape_markdown("x" * 500, 10) == "x" * 10 + "…"


def test_strangers_links_are_no_links() -> None:
    assert (
        escape_markdown("see https://evil.test/a_b or www.evil.test")
        == "see `https://evil.test/a_b` or `www.evil.test`"
    )
    assert escape_markdown("[x](http://e.test)") == r"\[x\](`http://e.test)`"
    assert escape_markdown("ask a@evil.test") == "ask `a@evil.test`"


def test_sizes_and_durations() -> None:
    sizes = {
        0: "0 B",
        999: "999 B",
        1_000: "1 kB",
        23_873: "23.9 kB",
        999_600: "1 MB",
        1_500_000_000: "1.5 GB",
    }
    assert {value: format_size(value) for value in sizes} == sizes
    assert format_size(None) == "size not known"
    assert format_size(3 * 10**15) == "3000 TB"


def test_durations_are_written_alike_everywhere() -> None:
    durations = {0.2: "1 s", 89: "89 s", 119.6: "2 min", 5_400: "90 min", 7_500: "2 h 5 min", 260_000: "3 d"}
    assert {seconds: readable_duration(seconds) for seconds in durations} == durations


_WORDS = [
    *("download", "it", "the", "first", "second", "all", "kaggle:a/b", "https://x.test/a?b=c"),
    *("https://huggingface.co/datasets", "find", "diabetes", "on", "kaggle", "under", "100 MB", "CC0"),
    *("images", "cancel", "status", "don't", "if", "?", ",", ".", ">", "2", "and", '"q"', "a/b", "\n"),
]


@settings(max_examples=300, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(
    st.one_of(
        st.text(max_size=200),
        st.lists(
            st.sampled_from(_WORDS),
            max_size=12,
        ).map(" ".join),
    )
)
def test_any_text_is_read(text: str) -> None:
    """Nothing raises, and only what was shown or written can be asked for."""
    conversation = Conversation([ChatMessage("user", text, [])])
    intent = parse_intent(conversation)
    assert intent.kind != "search" or intent.query
    assert all(ref.partition(":")[2].partition("#")[0][:12] in text for ref in refs_to_download(conversation))


@pytest.mark.parametrize("word", ["please ", "thanks ", "a", "a.b-", "small ", "1, ", "download it "])
def test_a_long_message_is_read_quickly(word: str) -> None:
    text = word * (16_000 // len(word))
    started = time.perf_counter()
    parse_intent(Conversation([ChatMessage("user", text, [])]))
    assert time.perf_counter() - started < 1
