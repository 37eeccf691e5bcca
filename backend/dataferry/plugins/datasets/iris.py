"""Fisher's iris flowers."""

from dataferry.plugins.contract import Column, Plugin, ShippedFile, Split

PLUGIN = Plugin(
    name="iris",
    title="Iris flowers",
    description="Sepal and petal measurements of 150 iris flowers of three species.",
    about=(
        "Fifty flowers each of *Iris setosa*, *Iris versicolor* and *Iris virginica*, measured by Edgar "
        "Anderson and published by Ronald Fisher in 1936. One species is linearly separable from the "
        "other two. The values are those of Fisher's paper, as in R and scikit-learn; the copy in the "
        "UCI Machine Learning Repository differs from it in two rows."
    ),
    task="tabular-classification",
    license="CC-BY-4.0",
    license_note="The UCI Machine Learning Repository gives the dataset under CC BY 4.0.",
    homepage="https://archive.ics.uci.edu/dataset/53/iris",
    citation="Fisher, R. (1936). Iris [Dataset]. UCI Machine Learning Repository. "
    "https://doi.org/10.24432/C56C76",
    columns=(
        Column("sepal_length", "Length of the sepal, cm"),
        Column("sepal_width", "Width of the sepal, cm"),
        Column("petal_length", "Length of the petal, cm"),
        Column("petal_width", "Width of the petal, cm"),
        Column("species", "Species of iris", role="target"),
    ),
    classes=("setosa", "versicolor", "virginica"),
    splits=(Split("train", "train.csv", 120), Split("test", "test.csv", 30)),
    files=(
        ShippedFile("README.md", 1_351, "bd0317109258bc82e9a4f08c8b5471b550215f9b7b1f4f468b55f3108d50eca7"),
        ShippedFile("test.csv", 818, "2d2a325ba1ee1ff0c9cceba8232ce5600201518601bf0213db62623e3badb13b"),
        ShippedFile("train.csv", 3_098, "e0010677432bcf3289673b2071085a69459b66134b4003b31f245f4b305e66d0"),
    ),
    tags=("tabular", "classification", "flowers", "plants", "botany", "biology", "fisher", "uci"),
)
