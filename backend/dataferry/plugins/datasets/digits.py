"""Handwritten digits of 8 × 8 pixels."""

from dataferry.plugins.contract import Column, Plugin, ShippedFile, Split

PLUGIN = Plugin(
    name="digits",
    title="Optical recognition of handwritten digits",
    description="Images of 1,797 handwritten digits, 8 × 8 pixels, one image a row.",
    about=(
        "Bitmaps of 32 × 32 pixels, each block of 4 × 4 reduced to the number of its pixels that are on, "
        "by E. Alpaydin and C. Kaynak. This is the original's test part, written by 13 people who are "
        "not in its training part; the split here is made anew from those 1,797 images, so writers "
        "are in both halves of it."
    ),
    task="image-classification",
    license="CC-BY-4.0",
    license_note="The UCI Machine Learning Repository gives the dataset under CC BY 4.0.",
    homepage="https://archive.ics.uci.edu/dataset/80/optical+recognition+of+handwritten+digits",
    citation="Alpaydin, E. & Kaynak, C. (1998). Optical Recognition of Handwritten Digits [Dataset]. "
    "UCI Machine Learning Repository. https://doi.org/10.24432/C50P49",
    columns=(
        *(
            Column(f"pixel_{row}_{column}", f"Row {row}, column {column}: pixels that are on, 0 to 16")
            for row in range(8)
            for column in range(8)
        ),
        Column("digit", "The digit that was written", role="target"),
    ),
    classes=tuple("0123456789"),
    splits=(Split("train", "train.csv", 1438), Split("test", "test.csv", 359)),
    files=(
        ShippedFile("README.md", 5_917, "c374a1b31bcce67ac1f808e99f3fc66404567f6a6554aa1aefbe40a3628de042"),
        ShippedFile("test.csv", 53_518, "46f2548e8913fff36fc748c46d4258e473cd00fea4b2bdcc105585a7ba152923"),
        ShippedFile("train.csv", 212_486, "71ae7bbe56c6b10a3a710dea573f9ff46848b92397add1eea66c374dc27ec84a"),
    ),
    tags=("images", "classification", "handwriting", "ocr", "vision", "optdigits", "uci"),
)
