"""Breast cancer Wisconsin (diagnostic)."""

from dataferry.plugins.contract import Column, Plugin, ShippedFile, Split

_MEASUREMENTS = {
    "radius": "Mean distance from the centre to points on the perimeter",
    "texture": "Standard deviation of grey values",
    "perimeter": "Perimeter",
    "area": "Area",
    "smoothness": "Local variation in radius lengths",
    "compactness": "Perimeter² / area − 1",
    "concavity": "Severity of the concave portions of the contour",
    "concave_points": "Number of concave portions of the contour",
    "symmetry": "Symmetry",
    "fractal_dimension": "Coastline approximation − 1",
}

PLUGIN = Plugin(
    name="breast_cancer",
    title="Breast cancer Wisconsin (diagnostic)",
    description="Cell nucleus measurements of 569 breast masses, each malignant or benign.",
    about=(
        "Ten properties of the cell nuclei in a digitised image of a fine needle aspirate of a breast "
        "mass, by W. H. Wolberg, W. N. Street and O. L. Mangasarian, University of Wisconsin. For each "
        "image the table has their mean, their standard error and their worst value (the mean of the "
        "three largest). The patients' id numbers of the original are left out."
    ),
    task="tabular-classification",
    license="CC-BY-4.0",
    license_note="The UCI Machine Learning Repository gives the dataset under CC BY 4.0.",
    homepage="https://archive.ics.uci.edu/dataset/17/breast+cancer+wisconsin+diagnostic",
    citation="Wolberg, W., Mangasarian, O., Street, N. & Street, W. (1993). Breast Cancer Wisconsin "
    "(Diagnostic) [Dataset]. UCI Machine Learning Repository. https://doi.org/10.24432/C5DW2B",
    columns=(
        *(Column(f"mean_{name}", f"{text}: mean") for name, text in _MEASUREMENTS.items()),
        *(Column(f"{name}_error", f"{text}: standard error") for name, text in _MEASUREMENTS.items()),
        *(Column(f"worst_{name}", f"{text}: worst") for name, text in _MEASUREMENTS.items()),
        Column("diagnosis", "Diagnosis of the mass", role="target"),
    ),
    classes=("malignant", "benign"),
    splits=(Split("train", "train.csv", 456), Split("test", "test.csv", 113)),
    files=(
        ShippedFile("README.md", 3_472, "abe19615ab8b80e3ef3779a843c4fa1c0915df51e3589246e15c8e7913bddab9"),
        ShippedFile("test.csv", 25_168, "38ff93c2a547776c888a81663e14e63291650c98faf32fc0c5cafdeeae5be0c0"),
        ShippedFile("train.csv", 100_196, "bf92708220571c0a119c3259caeb0278082b172935e017990989beeaa7b54e00"),
    ),
    tags=("tabular", "classification", "medical", "health", "oncology", "tumor", "wdbc", "uci"),
)
