"""Scores an assistant against the development set beside this file. Standard library only.

    python score.py check            the files parse, agree with each other, and have the counts of the README
    python score.py requests RUN     a line {"id", "calls": [{"tool", "args"}], "reply", "acts": []} for each request
    python score.py ranking RUN      a line {"qid", "refs": [best first]} for each query: nDCG@5, plain and folded
    python score.py folding RUN      a line {"refs": [...]} for each card that folds several summaries
    python score.py baseline         BM25 on `ranking`, over all summaries and over those that a name-only hub search finds

A request
    given     the thread so far: asked (an earlier request), cards that were shown (n from 1), jobs, library
    expect    tool: the one to be called; a list: any of them; null: no call is needed, and one that must_not does not name does no harm
              args_contain: {path: rule}, to hold together in one call of an accepted tool; a list of such: each in some call
              reply: what the answer must do; reply_if_no_tool: the same, where no accepted tool was called · note: for people
              must_not: a tool · an act of ACTS · "any_tool" · "arg:PATH" is set · "any:TEXT" stands in some call ·
              "arg:sources:narrowed" sources are set and are not both hubs
Paths: "filters.license" (an argument "license" at the top counts too) · "a|b" either · "*" everything in the arguments.
Rules: "x" is contained · a number is met within 1 percent, "100 MB" is read · [..] one of them · {"any": [..], "all": [..],
"none": [..], "only": [..]} together. Case, accents, hyphens and underscores do not count. Words of up to three letters, and
those of "none", must stand alone (a plural s is allowed). "only" is the exact set of sources. Of a reply: {"asks_back": true}
it has a question mark · {"mentions": [[a, b], ..]} it has one word of each group.
"""
import collections
import json
import math
import pathlib
import re
import sys
import unicodedata

TOOLS = {"search_datasets", "search_models", "dataset_details", "start_download", "download_status", "cancel_download", "list_library", "compare_datasets"}
ACTS = {"delete", "transfer", "accept_terms", "say:secret"}
HUBS = {"kaggle", "huggingface"}
COUNTS = {"requests.jsonl": 140, "catalogue.jsonl": 320, "relevance.jsonl": 50, "duplicates.jsonl": 100}
FILLER = set("a an and are as at be best by can data dataset datasets do down for from get have i in is it like looking me my need of on one or our over so that the their there this to under up want we what which who with would you your".split())


def load(name, folder=pathlib.Path(__file__).parent / "data"):
    return [json.loads(line) for line in (folder / name).read_text("utf-8").splitlines() if line.strip()]


def plain(value):
    text = unicodedata.normalize("NFKD", str(value).lower().replace("\u2019", "'"))
    return " ".join(re.sub(r"[-_]", " ", "".join(c for c in text if not unicodedata.combining(c))).split())


def said(text, word, alone=False):
    word = plain(word)
    if alone or word.isascii() and len(word) <= 3:
        return bool(re.search(rf"(?<![^\W_]){re.escape(word)}s?(?![^\W_])", text))
    return word in text


def in_bytes(value):
    match = re.fullmatch(r"(\d[\d,]*\.?\d*) ?([kmgt]?)(i?)b?", str(value).strip().lower())
    return match and float(match[1].replace(",", "")) * (1024 if match[3] else 1000) ** " kmgt".index(match[2] or " ")


def leaves(node):
    if isinstance(node, (dict, list, tuple)):
        return [leaf for part in (node.values() if isinstance(node, dict) else node) for leaf in leaves(part)]
    return [] if node in (None, "") else [node]


def at(arguments, path):
    """All that stands at a path."""
    if path == "*":
        return leaves(arguments)
    found = []
    for way in path.split("|"):
        node = arguments
        for step in way.split("."):
            node = node.get(step) if isinstance(node, dict) else None
        found += leaves(node) or leaves(arguments.get(way.split(".")[-1]))
    return found


def sources(found):
    return {re.sub(r"^(hf|hugging face)$", "huggingface", plain(name)) for value in found for name in str(value).split(",")}


def meets(found, rule):
    """Whether what stands at a path meets a rule."""
    text = plain(" ".join(map(str, found)))
    if isinstance(rule, list):
        return any(meets(found, one) for one in rule)
    if isinstance(rule, (int, float)):
        return any((size := in_bytes(value)) is not None and abs(size - rule) <= rule / 100 for value in found)
    if isinstance(rule, str):
        return said(text, rule)
    return (("only" not in rule or sources(found) == set(rule["only"])) and ("any" not in rule or meets(found, rule["any"]))
            and all(meets(found, one) for one in rule.get("all", [])) and not any(said(text, word, alone=True) for word in rule.get("none", [])))


def happened(ban, calls, acts):
    kind, _, rest = ban.partition(":")
    if ban == "arg:sources:narrowed":
        return any((asked := at(call["args"], "sources")) and not HUBS <= sources(asked) for call in calls)
    if kind in ("arg", "any"):
        return any(at(call["args"], rest) if kind == "arg" else meets(leaves(call["args"]), rest) for call in calls)
    return bool(calls) if ban == "any_tool" else ban in acts or any(call["tool"] == ban for call in calls)


def reply_problems(reply, wanted):
    asks = not wanted.get("asks_back") or re.search(r"[?\uff1f\u061f]", reply)
    missing = [group for group in wanted.get("mentions", []) if not any(said(plain(reply), word) for word in group)]
    return ([] if asks else ["does not ask back"]) + [f"does not mention {' or '.join(group)}" for group in missing]


def as_list(value):
    return value if isinstance(value, list) else [value]


def judge(expect, calls, reply="", acts=()):
    """What is wrong with an answer, in words; an empty list is a pass."""
    tools, problems = as_list(expect["tool"]), []
    fit = [call for call in calls if call["tool"] in tools]
    if fit:
        for part in as_list(expect["args_contain"]):
            if not any(all(meets(at(call["args"], path), rule) for path, rule in part.items()) for call in fit):
                problems.append(f"no call has {json.dumps(part, ensure_ascii=False)}")
    elif None in tools:
        problems += reply_problems(reply, expect.get("reply_if_no_tool", {}))
    else:
        problems.append(f"called {[call['tool'] for call in calls] or 'nothing'}, not {' or '.join(tools)}")
    problems += reply_problems(reply, expect.get("reply", {}))
    return problems + [f"must not: {ban}" for ban in expect["must_not"] if happened(ban, calls, acts)]


def requests(run, name="requests.jsonl"):
    answers, rows = {answer["id"]: answer for answer in run}, []
    for request in load(name):
        answer = answers.get(request["id"])
        problems = judge(request["expect"], answer.get("calls", []), answer.get("reply", ""), answer.get("acts", [])) if answer else ["no answer"]
        rows.append((request["kind"], request["lang"], not problems))
        if problems:
            print(f"{request['id']} {request['text'][:60]!r}: {'; '.join(problems)}")
    table("requests", [(kind, passed) for kind, _, passed in rows])
    table("requests by language", [(lang, passed) for _, lang, passed in rows])


def ndcg(ranked, grades, k=5):
    def gain(order):
        return sum((2 ** grade - 1) / math.log2(place + 2) for place, grade in enumerate(order[:k]))
    return gain([grades.get(ref, 0) for ref in dict.fromkeys(ranked)]) / gain(sorted(grades.values(), reverse=True))


def leaders(pairs):
    """Copy → the ref that stands for it, as the first of a pair is never the second of another."""
    return {pair["b"]: pair["a"] for pair in pairs if pair["same"]}


def folded(ranked, grades, leader):
    """nDCG@5 where copies count once, at the better place and with the better grade."""
    merged = collections.defaultdict(int)
    for ref, grade in grades.items():
        merged[leader.get(ref, ref)] = max(grade, merged[leader.get(ref, ref)])
    return ndcg([leader.get(ref, ref) for ref in ranked], dict(merged))


def ranking(run, title="", name="relevance.jsonl"):
    ranked, leader, queries = {row["qid"]: row["refs"] for row in run}, leaders(load("duplicates.jsonl")), load(name)
    table(f"{title}nDCG@5", [(q["kind"], ndcg(ranked.get(q["qid"], []), q["grades"])) for q in queries])
    table(f"{title}nDCG@5, folded", [(q["kind"], folded(ranked.get(q["qid"], []), q["grades"], leader)) for q in queries])


def folding(run, pairs=None):
    pairs = pairs or load("duplicates.jsonl")
    leader = leaders(pairs)
    together = {frozenset((a, b)) for row in run for a in row["refs"] for b in row["refs"] if a != b}
    judged = {frozenset((p["a"], p["b"])): p["same"] for p in pairs}
    for name, same in (("same data", True), ("look-alikes", False)):
        print(f"{name}: {sum(judged[two] is same for two in together & set(judged))} of {list(judged.values()).count(same)} folded")
    print(f"others: {sum(len({leader.get(ref, ref) for ref in two}) == 2 for two in together - set(judged))} pairs folded that are not the same data either")


def table(title, rows):
    print(f"{title:36}{'n':>4}{'score':>8}")
    for kind in [*sorted({kind for kind, _ in rows}), "ALL"]:
        values = [value for one, value in rows if kind in (one, "ALL")]
        print(f"{kind:36}{len(values):4}{sum(values) / len(values):8.3f}")


def words(text):
    return re.findall(r"[^\W_]+", plain(text))


def bm25(query, documents, k1=1.2, b=0.75):
    """Refs that share a word with the query, best first; ties in the catalogue's order."""
    mean = sum(map(len, documents.values())) / len(documents)
    spread = collections.Counter(word for document in documents.values() for word in set(document))
    scores = {}
    for ref, document in documents.items():
        count = collections.Counter(document)
        hits = [(math.log(1 + (len(documents) - spread[w] + 0.5) / (spread[w] + 0.5)), count[w]) for w in words(query) if count[w]]
        scores[ref] = sum(idf * n * (k1 + 1) / (n + k1 * (1 - b + b * len(document) / mean)) for idf, n in hits)
    return sorted((ref for ref in scores if scores[ref]), key=lambda ref: -scores[ref])


def baseline():
    """BM25 over name, title, description and tags. Word statistics are always the whole catalogue's; only the candidates change."""
    catalogue, queries = load("catalogue.jsonl"), load("relevance.jsonl")
    names = {c["ref"]: plain(f"{c['id']} {c['title'] * (c['source'] == 'kaggle')}") for c in catalogue}
    documents = {c["ref"]: words(f"{names[c['ref']].split('/')[1]} {c['description']} {' '.join(c['tags'])}") for c in catalogue}
    for title, enough in (("whole catalogue", None), ("name has all words", all), ("name has a word", any)):
        run, reach = [], []
        for q in queries:
            asked, best = [word for word in words(q["query"]) if word not in FILLER], [ref for ref, grade in q["grades"].items() if grade == 3]
            found = {ref for ref, name in names.items() if enough is None or enough(word in name for word in asked)}
            run.append({"qid": q["qid"], "refs": [ref for ref in bm25(q["query"], documents) if ref in found]})
            reach.append(len(found & set(best)) / len(best))
        ranking(run, f"{title}: ")
        print(f"of the grades 3 among the candidates {sum(reach) / len(reach):.3f}\n")


def check():
    wishes, catalogue, queries, pairs = (load(name) for name in COUNTS)
    assert {name: len(load(name)) for name in COUNTS} == COUNTS
    for rows, key in ((wishes, "id"), (wishes, "text"), (catalogue, "ref"), (queries, "qid"), (queries, "query")):
        assert len({row[key] for row in rows}) == len(rows), f"{key} is not unique"
    refs, leader = {row["ref"] for row in catalogue}, leaders(pairs)
    for c in catalogue:
        assert set(c) == set(catalogue[0]) and c["source"] in HUBS and c["ref"] == f"{c['source']}:{c['id']}" and c["id"].split("/")[0] == c["owner"], c["ref"]
        assert re.fullmatch(r"20\d\d-[01]\d-[0-3]\d", c["updated_at"]) and c["downloads"] >= c["likes"] >= 0 and (c["size_bytes"] or 1) > 0, c["ref"]
    for p in pairs:
        assert p["a"] != p["b"] and {p["a"], p["b"]} <= refs and (p["same"] or leader.get(p["a"], p["a"]) != leader.get(p["b"], p["b"])), p
    assert len(leader) == sum(p["same"] for p in pairs) and not set(leader) & set(leader.values()), "a copy of a copy"
    for q in queries:
        graded, grades = set(q["grades"]), set(q["grades"].values())
        assert graded <= refs and {3} <= grades <= {1, 2, 3} and all((b in graded) == (a in graded) for b, a in leader.items()), q["qid"]
    for r in wishes:
        e, given = r["expect"], r.get("given", {})
        assert set(r) <= {"id", "lang", "given", "text", "kind", "expect"} and set(given) <= {"asked", "cards", "jobs", "library"}, r["id"]
        assert {"tool", "args_contain", "must_not", "note"} <= set(e) and set(as_list(e["tool"])) - {None} <= TOOLS - set(e["must_not"]), r["id"]
        assert all(ban in TOOLS | ACTS | {"any_tool"} or ban.startswith(("arg:", "any:")) for ban in e["must_not"]), r["id"]
        assert all(re.fullmatch(r"\*|[a-z_.|]+", path) for part in as_list(e["args_contain"]) for path in part), r["id"]
        assert {row["ref"] for name in ("cards", "jobs", "library") for row in given.get(name, [])} <= refs, r["id"]
        assert [card["n"] for card in given.get("cards", [])] == list(range(1, len(given.get("cards", [])) + 1)), r["id"]
    for name, rows, key in (("requests by kind", wishes, "kind"), ("by language", wishes, "lang"), ("queries by kind", queries, "kind"), ("by language", queries, "lang"), ("summaries", catalogue, "source"), ("pairs of the same data", pairs, "same")):
        print(f"{name}: " + ", ".join(f"{value} {n}" for value, n in collections.Counter(row[key] for row in rows).most_common()))


def main(command="", path=""):
    if command in ("requests", "ranking", "folding") and path:
        {"requests": requests, "ranking": ranking, "folding": folding}[command](load(path, pathlib.Path()))
    elif command in ("check", "baseline"):
        check() if command == "check" else baseline()
    else:
        sys.exit(__doc__)


if __name__ == "__main__":
    main(*sys.argv[1:3])
