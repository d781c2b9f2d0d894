"""Makes and drops many objects, as Python programs do: records, text, JSON, syntax trees, sorting, cycles."""

import ast
import json
import sys


class Node:
    def __init__(self, key, parent):
        self.key = key
        self.parent = parent
        self.children = []


def records(count):
    rows = [{"id": i, "name": "name %d" % (i * 7919 % count), "tags": [i % 7, str(i % 11)]} for i in range(count)]
    text = json.dumps(rows)
    again = json.loads(text)
    again.sort(key=lambda row: (row["name"], row["id"]))
    return len(text), again[0]["id"]


def words(count):
    counted = {}
    text = " ".join("word%d" % (i * i % 4093) for i in range(count))
    for word in text.split():
        counted[word] = counted.get(word, 0) + 1
    joined = ",".join("%s=%d" % pair for pair in sorted(counted.items()))
    return len(joined), max(counted.values())


def graph(count):
    root = Node(0, None)
    nodes = [root]
    for i in range(1, count):
        parent = nodes[i * 7919 // 31 % i]
        node = Node(i, parent)
        parent.children.append(node)
        nodes.append(node)
    return sum(len(node.children) * node.key for node in nodes)


def syntax(count):
    function = "def f%d(a, b=%d):\n    return [a * x + b for x in range(%d) if x %% 2]"
    source = "\n".join(function % (i, i, i) for i in range(count))
    tree = ast.parse(source)
    compile(tree, "generated", "exec")
    return sum(1 for _ in ast.walk(tree))


def numbers(count):
    value = 1
    for i in range(2, count):
        value = value * i % (1 << 4000) + i
    matrix = [[float(i * j % 97) for j in range(count // 20)] for i in range(count // 20)]
    return value % 1000003, sum(map(sum, zip(*matrix)))


def main():
    for turn in range(int(sys.argv[1])):
        print(turn, records(12000), words(60000), graph(20000), syntax(250), numbers(4000))


main()
