"""Independent golden values of the text worlds, in plain Python.

Hashes, splits, whole spaces of arithmetic problems, knights and knaves by enumeration, and programs of
the stack machine, each written from its description and from nothing else. Writes
crates/worlds/tests/data/text_worlds.json.

    python3 reference/text_worlds.py
"""

import itertools
import json
import random
from pathlib import Path

TARGET = Path(__file__).parent.parent / "crates/worlds/tests/data/text_worlds.json"
SIGNS = {"plus": "+", "minus": "-", "times": "*"}


def fnv1a(text):
    value = 0xCBF29CE484222325
    for byte in text.encode():
        value = ((value ^ byte) * 0x100000001B3) % 2**64
    return value


def is_test(prompt):
    value = fnv1a(prompt)
    return (value ^ (value >> 32)) % 6 == 0


def checksum(texts):
    """Exclusive or of the hashes, whatever the order."""
    total = 0
    for text in texts:
        total ^= fnv1a(text)
    return f"{total:016x}"


def arith(prompt, m, partial=False):
    """The solution of a prompt, by Python's own arithmetic on each operation."""
    body = prompt[:-1]
    value, steps = int(body[0]), ""
    for place in range(1, len(body), 2):
        operation = f"{value}{body[place : place + 2]}"
        value = eval(operation) % m
        steps += str(value) if partial else f"{operation}={value};"
    return f"{steps}#{value}$"


def arith_prompts(m, signs, n):
    for digits in itertools.product(range(m), repeat=n + 1):
        for operators in itertools.product(signs, repeat=n):
            yield str(digits[0]) + "".join(f"{o}{d}" for o, d in zip(operators, digits[1:])) + "?"


def arith_space(name, m, ops, lengths, partial=False):
    signs = [SIGNS[word] for word in ops.split("-")]
    prompts = [prompt for n in lengths for prompt in arith_prompts(m, signs, n)]
    test = [prompt for prompt in prompts if is_test(prompt)]
    solved = {prompt: arith(prompt, m, partial) for prompt in prompts}
    samples = random.Random(name).sample(prompts, 12)
    return {
        "world": name,
        "train": len(prompts) - len(test),
        "test": len(test),
        "checksum": checksum(prompt + solved[prompt] for prompt in test),
        "samples": [[prompt, solved[prompt]] for prompt in samples],
    }


def literals(people):
    return [role + chr(65 + person) for person in range(people) for role in "kn"]


def statements(speaker, people):
    own = chr(65 + speaker)
    single = [literal for literal in literals(people) if literal[1] != own]
    pairs = itertools.product("&|>", literals(people), literals(people))
    return single + ["".join(pair) for pair in pairs]


def truth(statement, roles):
    """Kleene's three-valued truth under the roles of the first people: 0, 0.5 or 1."""

    def literal(text):
        person = ord(text[1]) - 65
        return 0.5 if person >= len(roles) else float(roles[person] == text[0])

    if statement[0] in "kn":
        return literal(statement)
    left, right = literal(statement[1:3]), literal(statement[3:5])
    return {"&": min(left, right), "|": max(left, right), ">": max(1 - left, right)}[statement[0]]


def contradiction(spoken, roles):
    return any(truth(s, roles) == (0.0 if role == "k" else 1.0) for s, role in zip(spoken, roles))


def knights(spoken):
    """The solution of a puzzle, worked for up to three people; none unless exactly one fits."""
    people = len(spoken)
    fitting = ["".join(r) for r in itertools.product("kn", repeat=people) if not contradiction(spoken, r)]
    if len(fitting) != 1:
        return None
    lines = []

    def visit(roles):
        if roles and contradiction(spoken, roles):
            lines.append(roles + "x")
            return False
        if roles:
            lines.append(roles)
        return len(roles) == people or visit(roles + "k") or visit(roles + "n")

    assert visit("") and lines[-1] == fitting[0]
    steps = "".join(line + ";" for line in lines) if people <= 3 else ""
    return f"{steps}#{fitting[0]}$"


def knights_prompt(spoken):
    return "".join(chr(65 + person) + statement for person, statement in enumerate(spoken)) + "?"


def knights_two():
    puzzles = list(itertools.product(statements(0, 2), statements(1, 2)))
    solved = [(knights_prompt(p), knights(p)) for p in puzzles]
    solved = [pair for pair in solved if pair[1]]
    test = [prompt + solution for prompt, solution in solved if is_test(prompt)]
    return {"train": len(solved) - len(test), "test": len(test), "checksum": checksum(test)}


def knights_samples():
    draw = random.Random("knights")
    samples = []
    for people in range(2, 7):
        for _ in range(40):
            spoken = [draw.choice(statements(speaker, people)) for speaker in range(people)]
            samples.append([knights_prompt(spoken), knights(spoken)])
    return samples


def execute(line, stack):
    """The stack after a line; an IndexError or None where it faults."""
    if line[0] == "P":
        after = stack + [int(line[1])]
    elif line == "D":
        after = stack + [stack[-1]]
    elif line == "S":
        after = stack[:-2] + [stack[-1], stack[-2]]
    elif line == "O":
        after = stack + [stack[-2]]
    elif line == "X":
        stack[-1]
        after = stack[:-1]
    elif line == "R":
        after = stack[:-3] + [stack[-2], stack[-1], stack[-3]]
    elif line == "N":
        after = stack[:-1] + [-stack[-1] % 10]
    else:
        a, b = stack[-2], stack[-1]
        after = stack[:-2] + [{"+": a + b, "-": a - b, "*": a * b, "M": max(a, b)}[line] % 10]
    return after if len(after) <= 8 else None


def stack_code(lines, stack):
    """Solution of a program; none where it faults or leaves nothing on the way."""
    steps = ""
    for line in lines:
        try:
            stack = execute(line, stack)
        except IndexError:
            return None
        if not stack:
            return None
        steps += "".join(map(str, stack)) + ";"
    return f"{steps}#{stack[-1]}$"


LINES = [f"P{digit}" for digit in range(10)] + list("DSOXR+-*MN")


def stack_prompt(lines, stack):
    return "".join(line + ";" for line in lines) + "|" + "".join(map(str, stack)) + "?"


def stack_samples():
    draw = random.Random("stack-code")
    samples = []
    for _ in range(300):
        lines = [draw.choice(LINES if draw.random() < 0.5 else LINES[9:]) for _ in range(draw.randint(1, 8))]
        stack = [draw.randint(0, 9) for _ in range(draw.randint(1, 8))]
        samples.append([stack_prompt(lines, stack), stack_code(lines, stack)])
    return samples


def stack_space():
    spaces = itertools.product(itertools.product(LINES, repeat=2), itertools.product(range(10), repeat=2))
    solved = [(stack_prompt(lines, stack), stack_code(lines, list(stack))) for lines, stack in spaces]
    solved = [pair for pair in solved if pair[1]]
    test = [prompt + solution for prompt, solution in solved if is_test(prompt)]
    return {"train": len(solved) - len(test), "test": len(test), "checksum": checksum(test)}


def main():
    every = "plus-minus-times"
    texts = ["", "a", "foobar", "3+1*4?", "AkBBnA?", "Wie heißt π?"]
    values = {
        "fnv": [[text, f"{fnv1a(text):016x}"] for text in texts],
        "arith": [
            arith_space("arith", 10, every, [2]),
            arith_space("arith,m=7", 7, every, [2]),
            arith_space("arith,m=5,n=1-3", 5, every, [1, 2, 3]),
            arith_space("arith,m=7,n=3,ops=plus-minus", 7, "plus-minus", [3]),
            arith_space("arith,m=3,n=4,ops=times", 3, "times", [4]),
            arith_space("arith,ladder=1-4", 10, "plus-times", [0, 1, 2, 3], partial=True),
        ],
        "knights": {"two": knights_two(), "samples": knights_samples()},
        "stack": {"two": stack_space(), "samples": stack_samples()},
    }
    TARGET.write_text(json.dumps(values, ensure_ascii=False) + "\n")
    print(f"{TARGET}: {TARGET.stat().st_size} bytes")


if __name__ == "__main__":
    main()
