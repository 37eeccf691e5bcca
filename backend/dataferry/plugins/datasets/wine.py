"""Chemical analysis of Italian wines."""

from dataferry.plugins.contract import Column, Plugin, ShippedFile, Split

PLUGIN = Plugin(
    name="wine",
    title="Wine recognition",
    description="Chemical analysis of 178 Italian wines from three cultivars.",
    about=(
        "Thirteen constituents measured in wines grown in one region of Italy from three different "
        "cultivars. The owner of the original is M. Forina and others (PARVUS, Institute of "
        "Pharmaceutical and Food Analysis and Technologies, Genoa). The classes are separable."
    ),
    task="tabular-classification",
    license="CC-BY-4.0",
    license_note="The UCI Machine Learning Repository gives the dataset under CC BY 4.0.",
    homepage="https://archive.ics.uci.edu/dataset/109/wine",
    citation="Aeberhard, S. & Forina, M. (1992). Wine [Dataset]. UCI Machine Learning Repository. "
    "https://doi.org/10.24432/C5PC7J",
    columns=(
        Column("alcohol", "Alcohol"),
        Column("malic_acid", "Malic acid"),
        Column("ash", "Ash"),
        Column("alcalinity_of_ash", "Alcalinity of ash"),
        Column("magnesium", "Magnesium"),
        Column("total_phenols", "Total phenols"),
        Column("flavanoids", "Flavanoids"),
        Column("nonflavanoid_phenols", "Non-flavanoid phenols"),
        Column("proanthocyanins", "Proanthocyanins"),
        Column("color_intensity", "Intensity of colour"),
        Column("hue", "Hue"),
        Column("od280_od315", "OD280/OD315 of diluted wines"),
        Column("proline", "Proline"),
        Column("cultivar", "Cultivar that the wine is from", role="target"),
    ),
    classes=("class_0", "class_1", "class_2"),
    splits=(Split("train", "train.csv", 142), Split("test", "test.csv", 36)),
    files=(
        ShippedFile("README.md", 1_642, "c0dbdc5e4a1ba59a6fc8d54fadab9fe05610ce26be8ca416be92ad65a258d445"),
        ShippedFile("test.csv", 2_686, "4322244deb859bee7051cc537a584cb7119c220c16573282ccd25f54262ff040"),
        ShippedFile("train.csv", 10_078, "e887a1147cb928406a8e00386e1fe2ce4bc2a72f7749a726bd304855ae92bada"),
    ),
    tags=("tabular", "classification", "chemistry", "food", "beverage", "uci"),
)
