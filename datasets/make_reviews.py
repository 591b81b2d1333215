"""Makes reviews.csv: 2,000 short reviews of films, books and concerts, each positive or negative, from a grammar.

Counting words does not tell the two apart: opinions stand under negation ("not bad at all", "hardly a masterpiece"),
and of two that contradict each other the sentence says which one holds ("it started well, but ...", "although ...").
Every word with an opinion stands equally often on both sides. No two reviews are the same words. Run it as

    python datasets/make_reviews.py [OUTPUT]

It needs Python's standard library alone; the same seed gives the same file with every version from 3.2 on.
"""

import csv
import random
import re
import sys
from pathlib import Path

SEED = 1
COUNT = 2000

# Words by polarity: index 1 praises, index 0 blames.
ADJECTIVES = (
    ["bad", "awful", "dull", "boring", "clumsy", "tedious", "weak", "lifeless", "terrible", "forgettable"],
    ["good", "great", "brilliant", "charming", "funny", "clever", "moving", "gripping", "wonderful", "memorable"],
)
NOUNS = (["failure", "disaster", "waste of time", "mess"], ["masterpiece", "triumph", "delight", "success"])
VERBS = (["hated", "disliked", "regretted"], ["loved", "enjoyed", "admired"])
BEGINNINGS = (["badly", "poorly"], ["well", "nicely"])
# What a work should have, and what it should not have.
QUALITIES = (["flaws", "clichés", "dull moments"], ["charm", "wit", "depth"])

SUBJECTS = [
    "the film", "the book", "the concert", "the story", "the acting", "the plot", "the music", "the ending",
    "the script", "the cast", "the second half", "it", "this one",
]
DEGREES = ["", "", "very ", "really ", "quite ", "truly "]
ASIDES = [
    "we went on a rainy Sunday", "my sister chose it", "I paid for two tickets", "it runs for two hours",
    "I finished it on the train", "friends had told me about it", "it is the author's third", "the hall was full",
]


def plain(draw, p):
    """An opinion of polarity p that means what its words say."""
    subject, degree = draw.choice(SUBJECTS), draw.choice(DEGREES)
    return draw.choice([
        f"{subject} was {degree}{draw.choice(ADJECTIVES[p])}",
        f"{subject} was {degree}{draw.choice(ADJECTIVES[p])}",
        f"I {draw.choice(VERBS[p])} {subject}",
        f"{subject} was a {draw.choice(NOUNS[p])}",
        f"{subject} {'has' if p else 'lacks'} {draw.choice(QUALITIES[1])}",
        f"{subject} {'lacks' if p else 'has'} {draw.choice(QUALITIES[0])}",
    ])


def negated(draw, p):
    """An opinion of polarity p in words of the other polarity."""
    subject = draw.choice(SUBJECTS)
    return draw.choice([
        f"{subject} was not {draw.choice(ADJECTIVES[1 - p])} at all",
        f"{subject} wasn't {draw.choice(['very ', 'really ', ''])}{draw.choice(ADJECTIVES[1 - p])}",
        f"{subject} was never {draw.choice(ADJECTIVES[1 - p])}",
        f"{subject} was anything but {draw.choice(ADJECTIVES[1 - p])}",
        f"{subject} was far from {draw.choice(ADJECTIVES[1 - p])}",
        f"{subject} was hardly a {draw.choice(NOUNS[1 - p])}",
        f"I never {draw.choice(VERBS[1 - p])} {subject}",
    ])


def opinion(draw, p):
    return draw.choice([plain, negated])(draw, p)


def contrast(draw, p):
    """Two opinions against each other, of which the one of polarity p holds."""
    winner, loser = opinion(draw, p), opinion(draw, 1 - p)
    return draw.choice([
        f"{loser}, but {winner}",
        f"{loser}, yet in the end {winner}",
        f"although {loser}, {winner}",
        f"{winner}, even though {loser}",
        f"it started {draw.choice(BEGINNINGS[1 - p])}, but {winner}",
        f"people say {loser}; they are wrong, {winner}",
    ])


def review(draw, p):
    parts = [draw.choice([opinion, opinion, contrast, contrast])(draw, p)]
    if draw.random() < 0.3:
        parts.append(opinion(draw, p))
    if draw.random() < 0.4:
        parts.insert(draw.randrange(len(parts) + 1), draw.choice(ASIDES))
    return " ".join(part[0].upper() + part[1:] + draw.choice([".", ".", "!"]) for part in parts)


def main() -> None:
    output = Path(sys.argv[1]) if len(sys.argv) > 1 else Path(__file__).with_name("reviews.csv")
    draw = random.Random(SEED)
    reviews = {}
    while len(reviews) < COUNT:
        p = len(reviews) % 2
        text = review(draw, p)
        words = tuple(re.findall(r"[\w']+", text.lower()))
        if 3 <= len(words) <= 30 and words not in reviews:
            reviews[words] = (text, p)
    with open(output, "w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(["text", "sentiment"])
        for text, p in reviews.values():
            writer.writerow([text, "positive" if p else "negative"])


if __name__ == "__main__":
    main()
