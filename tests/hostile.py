"""A thousand strings that somebody might type who means no good."""

import random

SEEDS = (
    "; touch {c}", "$(touch {c})", "`touch {c}`", "| touch {c}", "&& touch {c}", "\ntouch {c}\n",
    "' ; touch {c} ; '", '" ; touch {c} ; "', "../../{c}", "..", ".", "/etc/passwd",
    "/{c}", "~/{c}", "a/../../{c}", "..\\..\\{c}", "--config_file={c}", "--main_training_function",
    "-m", "-c", "--output-dir=/{c}", "a\0b", "\0", "a\n--flag", "\r\n", "\u202e{c}", "＄（touch）",
    "{c}\u2028", "%2e%2e%2f{c}", "....//....//{c}", "file:///{c}", "http://example.org/{c}",
    "|{c}", ">{c}", "!!python/object/apply:os.system ['touch {c}']", "{{{{7*7}}}}",
    "${{IFS}}touch${{IFS}}{c}", "*",
    "CON", "nul", " ", "", "\t", "a b", "-", "--", "é" * 70, "x" * 5000, "\ud800", "💥", "a" * 65,
)  # fmt: skip


def list_hostile(canary="canary", n=1000):
    """Return so many different hostile strings, the same ones each time."""
    rng, found = random.Random(7), {seed.format(c=canary): None for seed in SEEDS}
    while len(found) < n:
        parts = [rng.choice(SEEDS).format(c=canary) for _ in range(rng.randint(2, 3))]
        found["".join(parts)] = None
    return list(found)[:n]
