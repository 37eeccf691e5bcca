"""What people write in Italian, Dutch and Russian, and what the planner makes of it: three datasets about
diabetes were found before."""

import pytest

from dataferry.chat.intent import parse_intent, refs_to_download
from tests.unit.test_planner_intent import SHOWN, said, search_part

#: The message | its kind | of a search its query, and its filters or sources.
REQUESTS = """
ciao, mi servono dati sui terremoti in Italia, possibilmente csv | search | terremoti Italia | format=csv
cerco immagini di foglie malate, meno di 500 mega | search | foglie malate | max_bytes=500000000 format=image
hai qualcosa sui prezzi delle case per uso commerciale? | search | prezzi case | commercial=True
salve a tutti, esiste un dataset di ricette regionali? | search | ricette regionali |
a che punto è il download? | status
perché è così lento? | status
annulla il download | cancel
cosa ho già scaricato? | library
quanto spazio occupa la mia libreria? | library
solo su kaggle | search | diabetes | sources=kaggle
e per la Francia? | search | diabetes Francia |
stessa cosa ma solo csv | search | diabetes | format=csv
qual è il più piccolo? | details
parlami del terzo | details
mostrane altri | more
confronta i primi due | compare
cancella tutto | delete
che tempo fa domani? | elsewhere
grazie mille, sei un grande! | thanks
come funziona? | help
hoi, ik zoek foto's van paddenstoelen onder 1 GB | search | paddenstoelen | max_bytes=1000000000 format=image
heb je iets over fietsongelukken in Amsterdam? | search | fietsongelukken Amsterdam |
gegevens over huizenprijzen voor commercieel gebruik | search | huizenprijzen | commercial=True
zijn er datasets met luchtkwaliteit sinds 2022? | search | luchtkwaliteit | updated_after=2022-01-01
hoe ver is mijn download? | status
waarom is de download mislukt? | status
stop de download | cancel
wat heb ik al gedownload? | library
welke datasets staan er op mijn schijf? | library
alleen op hugging face | search | diabetes | sources=huggingface
en voor België? | search | diabetes België |
hetzelfde maar dan in csv | search | diabetes | format=csv
welke is het kleinst? | details
vertel me meer over de derde | details
laat er nog meer zien | more
vergelijk de eerste twee | compare
verwijder alles | delete
gaat het morgen regenen? | elsewhere
dank je wel! | thanks
wat kun je allemaal? | help
привет! ищу данные о пожарах в Сибири, желательно csv | search | пожарах Сибири | format=csv
нужны фотографии грибов, не больше 2 гб | search | грибов | max_bytes=2000000000 format=image
есть что-нибудь про цены на жильё для коммерческого использования? | search | цены жильё | commercial=True
где взять датасет с отзывами покупателей? | search | отзывами покупателей |
сколько ещё осталось качать? | status
почему загрузка зависла? | status
отмени загрузку | cancel
что у меня уже скачано? | library
какие датасеты лежат у меня на диске? | library
только на kaggle | search | diabetes | sources=kaggle
а для Казахстана? | search | diabetes Казахстана |
то же самое, но только csv | search | diabetes | format=csv
какой из них самый маленький? | compare
расскажи подробнее о третьем | details
покажи ещё | more
сравни первые два | compare
удали всё | delete
какая завтра погода? | elsewhere
спасибо большое! | thanks
что ты умеешь? | help
dati sul consumo di energia in formato parquet? | search | consumo energia | format=parquet
solo quelli in italiano | search | diabetes italiano | language=it
e invece sulle api? | search | api |
quanto ci vuole ancora? | status
heb je ook iets kleiners, onder de 200 MB? | search | diabetes | max_bytes=200000000
wat is het verschil tussen de eerste en de tweede? | compare
breek alle downloads af | cancel
только на русском языке | search | diabetes русском языке | language=ru
сколько процентов уже скачалось? | status
в чём разница между первым и вторым? | compare
"""
#: Of the three datasets, those whose download is asked for.
DOWNLOADS = """
scarica il secondo per favore | 2
mi scarichi i primi due? | 1 2
prendi il terzo | 3
non scaricarlo |
non voglio scaricare il primo |
se è piccolo scarica il primo |
dovrei scaricare il secondo? |
ho scaricato il primo ieri |
download de eerste maar | 1
kun je de tweede voor me downloaden? | 2
haal de eerste twee binnen | 1 2
download hem niet |
ik wil de eerste niet downloaden |
als hij klein is, download de eerste |
moet ik de tweede downloaden? |
ik heb de eerste gisteren gedownload |
скачай второй, пожалуйста | 2
можешь скачать первые два? | 1 2
загрузи третий | 3
не скачивай его |
я не хочу скачивать первый |
если он маленький, скачай первый |
стоит ли скачивать второй? |
я вчера скачал первый |
"""


def rows(text: str) -> list[list[str]]:
    return [[cell.strip() for cell in line.split(" |")] for line in text.strip().splitlines()]


@pytest.mark.parametrize("row", rows(REQUESTS), ids=lambda row: str(row[0]))
def test_what_is_asked_for(row: list[str]) -> None:
    text, kind, query, told = (*row, "", "")[:4]
    intent = parse_intent(said(text, search_part(SHOWN)))
    assert (intent.kind, intent.query) == (kind, query)
    arguments = {name: str(value) for name, value in intent.filters.items()}
    if intent.sources:
        arguments["sources"] = " ".join(intent.sources)
    assert arguments == dict(one.split("=") for one in told.split())


@pytest.mark.parametrize("row", rows(DOWNLOADS), ids=lambda row: str(row[0]))
def test_what_is_downloaded(row: list[str]) -> None:
    text, places = row
    refs = {SHOWN[int(place) - 1].ref for place in places.split()}
    assert refs_to_download(said(text, search_part(SHOWN))) == refs
