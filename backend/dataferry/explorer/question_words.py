"""The words of a question to a table, as far as rules read them: English, German, French, Spanish."""

from typing import Literal

Role = Literal[
    "count", "distinct", "avg", "sum", "median", "min", "max", "top", "bottom", "most", "histogram", "trend",
    "relation", "correlation", "missing", "rows", "duplicates", "share", "by", "of_each", "gt", "ge", "lt",
    "le", "eq", "between", "and", "year", "quarter", "month", "week", "day", "hour", "filler",
]  # fmt: skip

_WORDS: dict[Role, str] = {
    "count": "how many | number of | count | count of | how often | wie viele | wieviele | anzahl |"
    " combien de | nombre de | cuántos | cuántas | número de",
    "distinct": "how many different | how many distinct | how many unique | number of different | different"
    " | number of distinct | number of unique | distinct | unique | wie viele verschiedene |"
    " verschiedene | différents | distintos | distintas",
    "avg": "average | mean | avg | on average | durchschnitt | durchschnittliche | durchschnittlicher"
    " | mittelwert | moyenne | promedio | media",
    "sum": "sum | sum of | total | add up | summe | somme | suma",
    "median": "median | médiane | mediana",
    "min": "minimum | min | lowest | smallest | least | kleinste | niedrigste | plus petit | mínimo | menor",
    "max": "maximum | max | highest | largest | greatest | biggest | höchste | größte | plus grand |"
    " máximo | mayor",
    "top": "top | most common | most frequent | most popular | häufigste | häufigsten | plus fréquents"
    " | más frecuentes",
    "bottom": "bottom | least common | least frequent | rarest | seltenste | seltensten",
    "most": "the most | most | fewest",
    "histogram": "histogram | histogram of | distribution | distribution of | how is | distributed | spread"
    " | verteilung | répartition | distribución",
    "trend": "over time | trend | trend of | development | zeitverlauf | évolution | evolución",
    "relation": "scatter | scatter plot | against | versus | vs | relationship | relation",
    "correlation": "correlation | correlated | correlate | korrelation | corrélation | correlación",
    "missing": "missing | missing values | empty | null | nulls | nans | incomplete | fehlende | fehlen |"
    " manquantes | faltantes",
    "rows": "first rows | some rows | examples | example | sample | show rows | beispiele | exemples |"
    " ejemplos",
    "duplicates": "duplicates | duplicate | duplicate rows | duplicated rows | duplikate | doublons |"
    " duplicados",
    "share": "percentage | percent | percentage of | share | share of | proportion | proportion of |"
    " anteil | prozent | pourcentage | porcentaje",
    "by": "by | per | for each | in each | for every | each | every | grouped by | within each |"
    " across | pro | je | nach | par | por | para cada",
    "gt": "over | above | more than | greater than | larger than | higher than | older than | after |"
    " exceeding | > | über | mehr als | größer als | plus de | supérieur à | más de | mayor que",
    "ge": "at least | >= | ≥ | since | mindestens | au moins | al menos",
    "lt": "under | below | less than | fewer than | smaller than | lower than | before | < | unter |"
    " weniger als | kleiner als | moins de | menos de | menor que",
    "le": "at most | up to | <= | ≤ | höchstens | au plus | como máximo",
    "eq": "= | equals | equal to | exactly",
    "between": "between | zwischen | entre",
    "and": "and | und | et | y | to",
    "year": "year | yearly | annual | years | jahr | année | año",
    "quarter": "quarter | quarterly | quartal",
    "month": "month | monthly | months | monat | mois | mes",
    "week": "week | weekly | woche | semaine | semana",
    "day": "day | daily | tag | jour | día",
    "hour": "hour | hourly | stunde | heure | hora",
    "filler": "the | a | an | of | is | are | was | were | be | what | what's | which | whats | who | how"
    " | show | me | give | tell | please | there | in | this | that | these | table | dataset |"
    " data | rows | row | records | record | entries | all | has | have | had | with | do | does"
    " | did | for | it | its | value | values | column | columns | i | want | to | find | get |"
    " from | on | we | can | you | plot | draw | chart | bar | line | graph | list | where |"
    " whose | than | at | or | der | die | das | den | des | dem | von | ist | sind | gibt | es"
    " | im | zeilen | le | la | les | de | du | d | un | une | dans | il | a | el | los | las |"
    " del | en | hay | zeige | mir | was | wie | welche | quelle | quel | est | cuál | es |"
    " filas | lignes",
}

WORDS: dict[tuple[str, ...], Role] = {
    tuple(phrase.split()): role for role, phrases in _WORDS.items() for phrase in phrases.split(" | ")
}
LONGEST = max(map(len, WORDS))
