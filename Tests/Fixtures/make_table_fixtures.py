"""Writes tables with pandas, and what scikit-learn makes of them: the figures of TableFixtureTests.

    python3 make_table_fixtures.py

Needs numpy, pandas and scikit-learn; figures of scikit-learn 1.9.1 and pandas 2.3.3.
"""

import json
import pathlib

import numpy as np
import pandas as pd
from sklearn.compose import ColumnTransformer
from sklearn.impute import SimpleImputer
from sklearn.preprocessing import OneHotEncoder

FOLDER = pathlib.Path(__file__).parent / "tables"
WORDS = ["red", "green", "Blue", "très bleu", "a,b", 'say "hi"']


def people(rows: int, seed: int, words: list[str]) -> pd.DataFrame:
    """A table with ids, numbers of all sizes, words, dates and two targets, some of its cells missing."""
    draw = np.random.default_rng(seed)
    table = pd.DataFrame(
        {
            "PersonId": 1000 + draw.permutation(rows),
            "age": np.round(draw.normal(40, 12, rows), 1),
            "fare": draw.lognormal(3, 2, rows),
            "tiny": draw.normal(0, 1, rows) * 1e-9,
            "colour": draw.choice(words, rows),
            "size": draw.choice(["10", "9", "2"], rows),
            "member": draw.random(rows) < 0.5,
            "joined": pd.Timestamp("2023-12-28") + pd.to_timedelta(draw.integers(0, 900, rows), unit="D"),
            "weight": draw.random(rows).round(3),
            "price": draw.normal(100, 30, rows),
            "days": draw.integers(1, 30, rows),
        }
    )
    for column in ["age", "fare", "colour"]:
        table[column] = table[column].mask(draw.random(rows) < 0.15)
    return table


def features(train: pd.DataFrame, table: pd.DataFrame, strategy: str) -> np.ndarray:
    """The features in the order of the table's columns, fitted on the rows to train on."""
    parts = ColumnTransformer(
        [
            ("numbers", SimpleImputer(strategy=strategy), ["age", "fare", "tiny"]),
            # A missing word is no word: 0 in every column.
            (
                "words",
                OneHotEncoder(
                    categories=[
                        sorted(train["colour"].dropna().unique()),
                        sorted(train["size"].unique(), key=float),
                    ],
                    handle_unknown="ignore",
                    sparse_output=False,
                ),
                ["colour", "size"],
            ),
            ("member", "passthrough", ["member"]),
        ]
    ).fit(train)
    dates = table["joined"].dt
    calendar = np.column_stack([dates.year, dates.month, dates.day, dates.weekday])
    return np.column_stack([parts.transform(table), calendar]).astype(np.float64)


def main() -> None:
    FOLDER.mkdir(exist_ok=True)
    train, new = people(61, 7, WORDS[:5]), people(23, 8, WORDS)
    train.to_csv(FOLDER / "people.csv", index=False)
    # New rows: other order of columns, no targets, one word that training has not.
    new = new[["joined", "colour", "member", "size", "fare", "age", "tiny", "PersonId"]]
    new.to_csv(FOLDER / "new.csv", index=False)
    expected = {
        "words": [sorted(train["colour"].dropna().unique()), sorted(train["size"].unique(), key=float)],
        "median": [train[c].median() for c in ["age", "fare", "tiny"]],
        "mean": [train[c].mean() for c in ["age", "fare", "tiny"]],
        "ids": [int(i) for i in train["PersonId"]],
        "new_ids": [int(i) for i in new["PersonId"]],
    }
    for strategy in ["mean", "median"]:
        expected[f"train_{strategy}"] = features(train, train, strategy).ravel().tolist()
        expected[f"new_{strategy}"] = features(train, new, strategy).ravel().tolist()
    (FOLDER / "expected.json").write_text(json.dumps(expected, ensure_ascii=False) + "\n")

    # Numbers as programs write them, with the float64 that Python reads, bit for bit.
    draw = np.random.default_rng(9)
    bits = draw.integers(0, 1 << 63, 400, dtype=np.uint64)
    doubles = [d for d in bits.view(np.float64) if np.isfinite(d) and abs(d) < 3e38]
    texts = [repr(float(d)) for d in doubles]
    texts += [f"{d:.{p}g}" for d in draw.normal(0, 1e3, 60) for p in (3, 9, 15, 17, 19, 21)]
    texts += [f"{d:.{p}f}" for d in draw.normal(0, 1e5, 40) for p in (0, 6, 12, 16)]
    texts += ["0", "-0", "+5", ".5", "5.", "1e5", "1E-5", "0.1", "1e22", "1e23", "9007199254740993", "1e-400", "007"]
    texts += ["123456789012345678", "12345678901234567890", "0.000000000000000000000000012345678901234567", "4.9e-324"]
    # Halfway between two neighbours, and just beside it.
    texts += ["9007199254740993.0", "9007199254740992.99999", "9007199254740993.00001", "1.00000000000000011102230246251565"]
    lines = [f"{t},{np.float64(t).view(np.uint64)}" for t in texts if abs(float(t)) < 3e38]
    (FOLDER / "numbers.txt").write_text("\n".join(lines) + "\n")


if __name__ == "__main__":
    main()
