"""Disease progression in diabetes patients."""

from dataferry.plugins.contract import Column, Plugin, ShippedFile, Split

PLUGIN = Plugin(
    name="diabetes",
    title="Diabetes progression",
    description="Baseline measurements of 442 diabetes patients and the disease's progress after a year.",
    about=(
        "Age, sex, body mass index, blood pressure and six blood serum measurements of each patient, and "
        "a quantitative measure of disease progression one year after. The columns carry their original "
        "values; scikit-learn's `load_diabetes()` centres and scales them unless told otherwise. The "
        "original does not say which sex 1 and 2 stand for. It is not the Pima Indians dataset."
    ),
    task="tabular-regression",
    license="BSD-3-Clause",
    license_note=(
        "No licence statement is known from its source. The table is redistributed from scikit-learn, "
        "Copyright (c) 2007-2026 The scikit-learn developers, under the BSD 3-Clause licence."
    ),
    homepage="https://www4.stat.ncsu.edu/~boos/var.select/diabetes.html",
    citation="Efron, B., Hastie, T., Johnstone, I. & Tibshirani, R. (2004). Least angle regression. "
    "Annals of Statistics 32(2), 407-499.",
    columns=(
        Column("age", "Age, years"),
        Column("sex", "Sex, coded 1 or 2"),
        Column("bmi", "Body mass index, kg/m²"),
        Column("bp", "Average blood pressure"),
        Column("s1", "Total serum cholesterol (tc)"),
        Column("s2", "Low-density lipoproteins (ldl)"),
        Column("s3", "High-density lipoproteins (hdl)"),
        Column("s4", "Total cholesterol / HDL (tch)"),
        Column("s5", "Possibly the log of serum triglycerides (ltg)"),
        Column("s6", "Blood sugar (glu)"),
        Column("progression", "Disease progression one year after baseline", role="target"),
    ),
    splits=(Split("train", "train.csv", 354), Split("test", "test.csv", 88)),
    files=(
        ShippedFile("README.md", 1_786, "087d082653e1170e505592cbdc6bb197d0361fa6ac010c5fbc0afaf5cdcb90d4"),
        ShippedFile("test.csv", 4_286, "91ba08534d984d93cca42eed447932b5af74e04babd8bf5bf9194ced77738caa"),
        ShippedFile("train.csv", 17_021, "ee9371a7fd3395b2d20559fa2d8c23931905ed5027a264fdf9605ae6feea3072"),
    ),
    tags=("tabular", "regression", "medical", "health", "glucose", "efron", "lars"),
)
