"""Prints a large C file: many functions of different shape over structs and strings, for a compiler to chew on."""

import random
import sys


def statement(rng, depth):
    a, b, c = (rng.choice("xyzuvw") for _ in range(3))
    kind = rng.randrange(6 if depth else 3)
    if kind == 0:
        return f"{a} = {b} * {rng.randrange(3, 99)}u + ({c} >> {rng.randrange(1, 15)});"
    if kind == 1:
        return f"{a} ^= node->values[({b} + {rng.randrange(64)}u) % 64];"
    if kind == 2:
        return f"node->values[{a} % 64] += {b} - {c};"
    body = block(rng, depth - 1)
    if kind == 3:
        return f"if ({a} > {b}) {{ {body} }} else {{ {block(rng, depth - 1)} }}"
    if kind == 4:
        return f"for (unsigned i = 0; i < ({a} & 31); i++) {{ {body} {b} += i; }}"
    return f"switch ({a} & 3) {{ case 0: {body} break; case 1: {b}++; break; default: {c} -= {a}; }}"


def block(rng, depth):
    return " ".join(statement(rng, depth) for _ in range(rng.randrange(2, 6)))


def function(rng, number):
    call = f"x += f{rng.randrange(number)}(node->next, y);" if number else ""
    return (
        f"unsigned f{number}(struct node *node, unsigned x) {{\n"
        f"    unsigned y = x + {number}u, z = y ^ 5u, u = z * 3u, v = u - x, w = v | 1u;\n"
        f"    if (node == 0) return x;\n    {block(rng, 2)}\n    {call}\n"
        f"    return x ^ y ^ z ^ u ^ v ^ w;\n}}\n"
    )


def main():
    rng = random.Random(7)
    print("struct node { struct node *next; unsigned values[64]; };")
    for number in range(int(sys.argv[1])):
        print(function(rng, number))


main()
