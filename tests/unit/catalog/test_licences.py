"""Licences: every name that the hubs use is read, nothing is guessed, and the table holds together."""

import re

import pytest
from packaging.licenses import canonicalize_license_expression

from dataferry.sources.licence_table import table
from dataferry.sources.licences import Reading, license_name, read_licence

#: Kaggle's list, by the names that its site and its API show, and by those that uploads use.
KAGGLE = {
    "CC0: Public Domain": "CC0-1.0",
    "CC BY-SA 3.0": "CC-BY-SA-3.0",
    "CC BY-SA 4.0": "CC-BY-SA-4.0",
    "CC BY-NC-SA 4.0": "CC-BY-NC-SA-4.0",
    "GPL 2": "GPL-2.0",
    "GPL 3": "GPL-3.0",
    "Database: Open Database, Contents: © Original Authors": "ODbL-contents-of-authors",
    "Database: Open Database, Contents: Database Contents": "ODbL-1.0",
    "Data files © Original Authors": "copyright-authors",
    "copyright-authors": "copyright-authors",
    "Other (specified in description)": "other",
    "Attribution 4.0 International (CC BY 4.0)": "CC-BY-4.0",
    "Attribution-NonCommercial 4.0 International (CC BY-NC 4.0)": "CC-BY-NC-4.0",
    "Attribution 3.0 Unported (CC BY 3.0)": "CC-BY-3.0",
    "Attribution 3.0 IGO (CC BY 3.0 IGO)": "CC-BY-3.0-IGO",
    "Attribution-NonCommercial-ShareAlike 3.0 IGO (CC BY-NC-SA 3.0 IGO)": "CC-BY-NC-SA-3.0-IGO",
    "Attribution-NoDerivatives 4.0 International (CC BY-ND 4.0)": "CC-BY-ND-4.0",
    "Attribution-NonCommercial-NoDerivatives 4.0 International (CC BY-NC-ND 4.0)": "CC-BY-NC-ND-4.0",
    "Attribution-NonCommercial": "CC-BY-NC",
    "Attribution 4.0": "CC-BY-4.0",
    "ODC Public Domain Dedication and Licence (PDDL)": "PDDL-1.0",
    "ODC Public Domain (PDDL)": "PDDL-1.0",
    "ODC Attribution License (ODC-By)": "ODC-By-1.0",
    "ODC Attribution": "ODC-By-1.0",
    "ODC-BY-1.0": "ODC-By-1.0",
    "GNU Lesser General Public License 3.0": "LGPL-3.0",
    "GNU Affero General Public License 3.0": "AGPL-3.0",
    "GNU Free Documentation License 1.3": "GFDL-1.3",
    "FDL-1.3": "GFDL-1.3",
    "Apache 2.0": "Apache-2.0",
    "MIT": "MIT",
    "Community Data License Agreement - Permissive - Version 1.0": "CDLA-Permissive-1.0",
    "Community Data License Agreement - Sharing - Version 1.0": "CDLA-Sharing-1.0",
    "World Bank Dataset Terms of Use": "world-bank-terms",
    "Reddit API Terms": "reddit-api-terms",
    "U.S. Government Works": "US-Government-Works",
    "US-Government-Works": "US-Government-Works",
    "EU ODP Legal Notice": "EU-ODP-Legal-Notice",
    "EU-ODP-Legal-Notice": "EU-ODP-Legal-Notice",
    "Subject to Copyright": "copyright-authors",
    "Unknown": None,
}
#: The ids of HuggingFace that mean more than their own words, and those of families.
HUGGINGFACE = {
    "cc": "CC",
    "cc0-1.0": "CC0-1.0",
    "cc-by-nc-nd-4.0": "CC-BY-NC-ND-4.0",
    "bsd": "BSD",
    "gpl": "GPL",
    "gfdl": "GFDL",
    "lgpl-lr": "LGPLLR",
    "odbl": "ODbL-1.0",
    "odc-by": "ODC-By-1.0",
    "pddl": "PDDL-1.0",
    "c-uda": "C-UDA-1.0",
    "cdla-permissive-2.0": "CDLA-Permissive-2.0",
    "cdla-sharing-1.0": "CDLA-Sharing-1.0",
    "etalab-2.0": "etalab-2.0",
    "afl-3.0": "AFL-3.0",
    "lppl-1.3c": "LPPL-1.3c",
    "openrail": "openrail",
    "openrail++": "creativeml-openrail-m",
    "bigscience-bloom-rail-1.0": "bigscience-openrail-m",
    "llama2": "llama-2.0",
    "llama3.1": "llama-3.1",
    "gemma": "gemma",
    "other": "other",
    "unknown": None,
}
#: Those that are SPDX ids or our own, but for the case.
EQUAL = """
apache-2.0 mit bigscience-openrail-m creativeml-openrail-m bigcode-openrail-m artistic-2.0 bsl-1.0
bsd-2-clause bsd-3-clause bsd-3-clause-clear cc-by-2.0 cc-by-2.5 cc-by-3.0 cc-by-4.0 cc-by-sa-3.0
cc-by-sa-4.0 cc-by-nc-2.0 cc-by-nc-3.0 cc-by-nc-4.0 cc-by-nd-4.0 cc-by-nc-nd-3.0 cc-by-nc-sa-2.0
cc-by-nc-sa-3.0 cc-by-nc-sa-4.0 cdla-permissive-1.0 wtfpl ecl-2.0 epl-1.0 epl-2.0 eupl-1.1 eupl-1.2
agpl-3.0 gpl-2.0 gpl-3.0 lgpl lgpl-2.1 lgpl-3.0 isc intel-research ms-pl apple-amlr mpl-2.0 osl-3.0
postgresql ofl-1.1 ncsa unlicense zlib fair-noncommercial-research-license
"""


def entry_of(reading: Reading) -> str:
    """The id in the table, with the version."""
    assert reading.licence is not None
    if reading.licence.spdx:
        assert reading.licence.id in reading.id
    return "-".join(filter(None, (reading.licence.id, reading.version)))


def reading_of(name: str) -> Reading:
    reading = read_licence(name)
    assert reading is not None
    return reading


@pytest.mark.parametrize(("name", "expected"), [*KAGGLE.items(), *HUGGINGFACE.items()])
def test_every_name_that_a_hub_offers_is_known(name: str, expected: str | None) -> None:
    reading = read_licence(name)
    assert (reading and entry_of(reading)) == expected


@pytest.mark.parametrize("name", EQUAL.split())
def test_ids_of_huggingface_are_those_of_the_list(name: str) -> None:
    assert entry_of(reading_of(name)).lower() == name


def test_the_table_holds_together() -> None:
    for licence in table():
        assert licence.clauses, f"{licence.id} does not say where its text says so"
        for name in (*licence.ids, licence.id, licence.name, *licence.also):
            reading = reading_of(name)
            assert reading.licence == licence, name
            assert read_licence(reading.id) == reading == read_licence(reading.name), name
            assert license_name(name.upper()) == license_name(name.lower()) == reading.id
            if licence.spdx and (reading.version or not licence.versions):
                assert canonicalize_license_expression(reading.id) == reading.spdx_id == reading.id
            else:
                assert reading.spdx_id is None
        if "conditions" in licence.terms.model_dump().values():
            assert licence.note, f"{licence.id} does not say its conditions"
        if re.search(r"\bNC\b|[Nn]on-?[Cc]ommercial", f"{licence.id} {licence.title}"):
            assert licence.terms.commercial == "forbidden"
        if re.search(r"\bND\b|NoDerivatives", f"{licence.id} {licence.title}"):
            assert licence.terms.changing == "forbidden"
        if re.search(r"\bSA\b|ShareAlike", f"{licence.id} {licence.title}"):
            assert licence.terms.share_alike == "required"


@pytest.mark.parametrize(
    "name",
    [
        "CC BY 4.0 (no redistribution)",
        "CC BY 4.0, but not for companies",
        "not CC BY 4.0",
        "other-non-commercial-research",
        "CC BY 9.0",
        "llama5",
        "MIT-like",
        "Apache 2.0 with Commons Clause",
        "GPL-2.0-only WITH Classpath-exception-2.0",
        "academic use only",
        "see LICENSE",
        "CC BY-SA 4.0 (CC BY-NC 4.0)",
        "https://example.org/licenses/by/4.0/",
        "MIT 但不可商用",
        "CC BY 4.0?",
        "MIT OR",
    ],
)
def test_what_is_not_known_is_not_guessed(name: str) -> None:
    reading = reading_of(name)
    assert (reading.licence, reading.spdx_id) == (None, None)
    assert reading.name == name
    assert set(reading.terms.model_dump().values()) == {"unknown"}


@pytest.mark.parametrize(
    ("name", "expected", "commercial"),
    [
        ("MIT OR CC-BY-NC-4.0", "MIT OR CC-BY-NC-4.0", "allowed"),
        ("MIT AND CC-BY-NC-4.0", "MIT AND CC-BY-NC-4.0", "forbidden"),
        ("(MIT OR GPL-3.0-only) AND CC-BY-NC-4.0", "(MIT OR GPL-3.0-only) AND CC-BY-NC-4.0", "forbidden"),
        ("mit, cc-by-nc-4.0", "MIT, CC-BY-NC-4.0", "forbidden"),
        ("MIT/Apache-2.0", "MIT, Apache-2.0", "allowed"),
        ("mit or apache-2.0", "MIT OR Apache-2.0", "allowed"),
        ("CC BY-SA 3.0 and GFDL", "CC-BY-SA-3.0, GFDL", "allowed"),
        ("mit, other", "MIT, other", "unknown"),
        ("mit, whatever", "mit, whatever", "unknown"),
    ],
)
def test_several_licences(name: str, expected: str, commercial: str) -> None:
    reading = reading_of(name)
    assert (reading.id, reading.terms.commercial) == (expected, commercial)
    assert read_licence(reading.id) == reading


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("//creativecommons.org/licenses/by-nc-sa/4.0/", "CC-BY-NC-SA-4.0"),
        ("http://creativecommons.org/licenses/by/3.0/igo/", "CC-BY-3.0-IGO"),
        ("https://creativecommons.org/licenses/by-nd/4.0/deed.fr", "CC-BY-ND-4.0"),
        ("https://creativecommons.org/publicdomain/zero/1.0/", "CC0-1.0"),
        ("https://spdx.org/licenses/GPL-3.0-or-later.html", "GPL-3.0-or-later"),
        ("https://www.gnu.org/licenses/gpl-3.0.en.html", "GPL-3.0"),
        ("GPLv3+", "GPL-3.0-or-later"),
        ("APACHE-2.0", "Apache-2.0"),
        ("ccby4.0", None),
        ("CC-BY4.0", "CC-BY-4.0"),
        ("Creative Commons Attribution Share Alike 4.0 International Public License", "CC-BY-SA-4.0"),
        ("Creative Commons Attribution-Non-Commercial-No-Derivs 3.0", "CC-BY-NC-ND-3.0"),
    ],
)
def test_other_spellings(name: str, expected: str | None) -> None:
    assert license_name(name) == (expected or name)
