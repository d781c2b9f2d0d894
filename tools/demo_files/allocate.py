"""An allocation-heavy script: records, text, JSON and a cache that churns. Prints a checksum of what it built."""

import json
import random


class Record:
    def __init__(self, number, rng):
        self.number = number
        self.name = "name-%d" % rng.randrange(1_000_000)
        self.tags = ["tag%d" % rng.randrange(500) for _ in range(rng.randrange(8))]
        self.position = (rng.random(), rng.random())

    def as_dict(self):
        return {"number": self.number, "name": self.name, "tags": self.tags, "position": self.position}


def build(count, rng):
    return [Record(number, rng) for number in range(count)]


def by_tag(records):
    index = {}
    for record in records:
        for tag in record.tags:
            index.setdefault(tag, []).append(record.name)
    return sum(len(" ".join(sorted(names)).split("9")) for names in index.values())


def through_json(records):
    text = json.dumps([record.as_dict() for record in records])
    return len(text), sum(len(item["tags"]) for item in json.loads(text))


def churn(steps, rng):
    """A cache whose entries, of many sizes, are replaced at random."""
    cache = {}
    total = 0
    for step in range(steps):
        key = rng.randrange(20_000)
        total += len(cache.get(key, b""))
        cache[key] = bytes(rng.randrange(16, 1200))
        if step % 8 == 0:
            cache.pop(rng.randrange(20_000), None)
    return total


def main():
    rng = random.Random(20)
    records = build(120_000, rng)
    print(by_tag(records), through_json(records), churn(500_000, rng))


main()
