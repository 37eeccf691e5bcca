"""The seeded catalogue: realistic public datasets in miniature, and the difficult ones."""

from functools import partial

from tests.fakes import made
from tests.fakes.dataset import Account, Catalogue, FakeDataset, single
from tests.fakes.difficult import (
    HF_GATED,
    HUGE,
    HUGE_SIZE,
    KAGGLE_GATED,
    MANY,
    PRIVATE,
    SINGLE_FILE,
    SLOW,
    SLOW_BYTES_PER_S,
    SLOW_SIZE,
    UNTRUSTED,
    difficult,
)
from tests.fakes.snapshots import add_snapshots

__all__ = [
    "CHEST_XRAY",
    "HEART",
    "HF_GATED",
    "HUGE",
    "HUGE_SIZE",
    "IMDB",
    "KAGGLE_GATED",
    "MANY",
    "PIMA",
    "PRIVATE",
    "SINGLE_FILE",
    "SLOW",
    "SLOW_BYTES_PER_S",
    "SLOW_SIZE",
    "UNTRUSTED",
    "ada",
    "grace",
    "seeded",
]

PIMA = "uciml/pima-indians-diabetes-database"
HEART = "andrewmvd/heart-failure-clinical-data"
CHEST_XRAY = "paultimothymooney/chest-xray-pneumonia"
IMDB = "stanfordnlp/imdb"

_GREY = {"NORMAL": (210, 210, 200), "PNEUMONIA": (150, 150, 165)}
_XRAY = {
    f"chest_xray/{split}/{kind}": colour for split in ("train", "test") for kind, colour in _GREY.items()
}
_FLOWERS = {
    "flowers/daisy": (250, 250, 240),
    "flowers/dandelion": (245, 215, 40),
    "flowers/rose": (200, 30, 60),
    "flowers/sunflower": (250, 180, 20),
    "flowers/tulip": (220, 90, 160),
}
_PETS = {
    "train/cat": (200, 120, 60),
    "train/dog": (90, 90, 200),
    "test/cat": (200, 120, 60),
    "test/dog": (90, 90, 200),
}
_DIGITS = {f"train/{digit}": (255, 255 - 20 * digit, 20 * digit) for digit in range(10)}


def ada() -> Account:
    """Has accounts, and has accepted no terms."""
    return Account("ada", "0123456789abcdef0123456789abcdef", "KGAT_ada0123456789", "hf_adaAdaAdaAdaAdaAda")


def grace() -> Account:
    """Has accepted the gated datasets' terms and belongs to the owner of the private one."""
    return Account(
        "grace",
        "fedcba9876543210fedcba9876543210",
        "KGAT_grace0123456789",
        "hf_graceGraceGraceGrace",
        accepted={KAGGLE_GATED, HF_GATED},
        owns={PRIVATE},
    )


def seeded() -> Catalogue:
    """A fresh catalogue: what a test publishes or changes in it stays its own."""
    return add_snapshots(Catalogue(_kaggle() + _huggingface() + difficult(), [ada(), grace()]))


def _kaggle() -> list[FakeDataset]:
    dataset = partial(FakeDataset, "kaggle")
    return [
        dataset(
            PIMA,
            title="Pima Indians Diabetes Database",
            description="Predict the onset of diabetes based on diagnostic measures",
            license="CC0: Public Domain",
            tags=("health", "diabetes", "tabular", "classification"),
            downloads=812_345,
            likes=4_120,
            make=single("diabetes.csv", made.pima),
            readme="## Context\n\nThis dataset is originally from the National Institute of Diabetes.",
        ),
        dataset(
            "alexteboul/diabetes-health-indicators-dataset",
            title="Diabetes Health Indicators Dataset",
            description="Survey responses from a telephone survey, cleaned, with a diabetes outcome",
            license="CC0: Public Domain",
            tags=("health", "diabetes", "tabular", "binary classification"),
            downloads=214_876,
            likes=1_870,
            make=lambda: {
                "diabetes_binary_health_indicators.csv": made.health_indicators(9_000, 1),
                "diabetes_binary_5050split_health_indicators.csv": made.health_indicators(5_000, 2),
                "diabetes_012_health_indicators.csv": made.health_indicators(9_000, 3),
            },
        ),
        dataset(
            "iammustafatz/diabetes-prediction-dataset",
            title="Diabetes prediction dataset",
            description="Medical and demographic data of patients along with their diabetes status",
            license="Data files © Original Authors",
            tags=("health", "diabetes", "tabular"),
            downloads=176_002,
            likes=1_402,
            make=single("diabetes_prediction_dataset.csv", lambda: made.pima(5_000, 5)),
        ),
        dataset(
            HEART,
            title="Heart Failure Prediction",
            description="12 clinical features for predicting death events",
            license="Attribution 4.0 International (CC BY 4.0)",
            tags=("health", "heart conditions", "classification", "tabular"),
            downloads=301_554,
            likes=2_655,
            make=single("heart_failure_clinical_records_dataset.csv", made.heart_failure),
            readme="Cardiovascular diseases are the number 1 cause of death globally.",
        ),
        dataset(
            "uciml/iris",
            title="Iris Species",
            description="Classify iris plants into three species in this classic dataset",
            license="CC0: Public Domain",
            tags=("biology", "classification", "tabular"),
            downloads=790_210,
            likes=4_010,
            make=single("Iris.csv", lambda: made.real_table("iris")),
        ),
        dataset(
            "uciml/breast-cancer-wisconsin-data",
            title="Breast Cancer Wisconsin (Diagnostic) Data Set",
            description="Predict whether the cancer is benign or malignant",
            license="CC BY-NC-SA 4.0",
            tags=("health", "cancer", "classification", "tabular"),
            downloads=645_120,
            likes=4_355,
            make=single("data.csv", lambda: made.real_table("breast_cancer")),
        ),
        dataset(
            CHEST_XRAY,
            title="Chest X-Ray Images (Pneumonia)",
            description="Validated images in two categories",
            license="Attribution 4.0 International (CC BY 4.0)",
            tags=("health", "image", "binary classification"),
            downloads=480_900,
            likes=6_120,
            make=lambda: made.pictures(_XRAY, 6, 11),
        ),
        dataset(
            "alxmamaev/flowers-recognition",
            title="Flowers Recognition",
            description="Labeled images of five kinds of flowers",
            license="MIT",
            tags=("plants", "image", "multiclass classification"),
            downloads=198_400,
            likes=1_150,
            make=lambda: made.pictures(_FLOWERS, 5, 12),
        ),
        dataset(
            "mlg-ulb/creditcardfraud",
            title="Credit Card Fraud Detection",
            description="Anonymized credit card transactions labeled as fraudulent or genuine",
            license="Database: Open Database, Contents: Database Contents",
            tags=("finance", "tabular", "classification"),
            downloads=1_020_000,
            likes=12_300,
            make=single("creditcard.csv", lambda: made.health_indicators(20_000, 7)),
        ),
    ]


_TABULAR = ("task_categories:tabular-classification", "format:csv", "modality:tabular")
_TEXT = ("task_categories:text-classification", "format:json", "modality:text", "language:en")
_IMAGES = ("task_categories:image-classification", "format:imagefolder", "modality:image")


def _huggingface() -> list[FakeDataset]:
    dataset = partial(FakeDataset, "huggingface")
    return [
        dataset(
            IMDB,
            title="IMDB",
            description="Large Movie Review Dataset, for binary sentiment classification",
            license="other",
            tags=("task_ids:sentiment-classification", "size_categories:100K<n<1M", *_TEXT),
            downloads=284_511,
            likes=356,
            make=lambda: {
                "plain_text/train.jsonl": made.reviews(2_000, 1),
                "plain_text/test.jsonl": made.reviews(2_000, 2),
            },
            aliases=("imdb",),
            configs=[
                {
                    "config_name": "plain_text",
                    "data_files": [
                        {"split": "train", "path": "plain_text/train*"},
                        {"split": "test", "path": "plain_text/test*"},
                    ],
                }
            ],
        ),
        dataset(
            "scikit-learn/diabetes",
            title="Diabetes, 442 patients",
            description="Baseline variables and disease progression one year later of diabetes patients",
            license="mit",
            tags=("task_categories:tabular-regression", "format:csv", "modality:tabular"),
            downloads=4_870,
            likes=12,
            make=single("diabetes.csv", lambda: made.real_table("diabetes")),
        ),
        dataset(
            "Bena345/cdc-diabetes-health-indicators",
            title="CDC Diabetes Health Indicators",
            description="Healthcare statistics and lifestyle survey about people and their diabetes",
            license="cc0-1.0",
            tags=_TABULAR,
            downloads=1_930,
            likes=9,
            make=single("cdc_diabetes.csv", lambda: made.health_indicators(6_000, 4)),
        ),
        dataset(
            "Genius-Society/Pima",
            title="Pima",
            description="The Pima diabetes measurements, split for training and test",
            license="cc-by-nc-nd-4.0",
            tags=_TABULAR,
            downloads=611,
            likes=3,
            make=lambda: {"train.csv": made.pima(614, 21), "test.csv": made.pima(154, 22)},
        ),
        dataset(
            "scikit-learn/iris",
            title="Iris",
            description="Three species of iris, four measurements each",
            license="cc0-1.0",
            tags=_TABULAR,
            downloads=9_120,
            likes=41,
            make=single("Iris.csv", lambda: made.real_table("iris")),
        ),
        dataset(
            "scikit-learn/breast-cancer-wisconsin",
            title="Breast Cancer Wisconsin (Diagnostic)",
            description="Features of cell nuclei in digitized images of a breast mass",
            license="cc-by-sa-4.0",
            tags=_TABULAR,
            downloads=2_310,
            likes=8,
            make=single("breast_cancer.csv", lambda: made.real_table("breast_cancer")),
        ),
        dataset(
            "ylecun/mnist",
            title="MNIST",
            description="Handwritten digits in ten classes",
            license="mit",
            tags=_IMAGES,
            downloads=96_540,
            likes=210,
            make=lambda: made.pictures(_DIGITS, 3, 31, side=28),
            aliases=("mnist",),
        ),
        dataset(
            "microsoft/cats_vs_dogs",
            title="Cats Vs. Dogs",
            description="Images of cats and dogs",
            license="unknown",
            tags=_IMAGES,
            downloads=12_210,
            likes=64,
            make=lambda: made.pictures(_PETS, 6, 32, side=32),
            aliases=("cats_vs_dogs",),
        ),
        dataset(
            "openai/openai_humaneval",
            title="OpenAI HumanEval",
            description="Programming problems with tests",
            license="mit",
            tags=("task_categories:text-generation", "format:json", "modality:text", "language:en"),
            downloads=88_020,
            likes=330,
            make=single("openai_humaneval/test.jsonl", lambda: made.programming_problems(164, 41)),
            aliases=("openai_humaneval", "humaneval"),
        ),
        dataset(
            "dair-ai/emotion",
            title="Emotion",
            description="Short English messages with six basic emotions",
            license="other",
            tags=_TEXT,
            downloads=34_120,
            likes=380,
            make=lambda: {
                "split/train.jsonl": made.reviews(800, 51),
                "split/test.jsonl": made.reviews(100, 52),
            },
            aliases=("emotion",),
        ),
    ]
