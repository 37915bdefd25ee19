"""Files that somebody made to hurt: each is refused soon, in words, and writes nothing."""

import gzip
import io
import json
import random
import re
import subprocess
import sys
import time
import zipfile
from pathlib import Path

import pytest

from annotations.imports import import_file
from annotations.readers import AnswerRow, read_document
from annotations.readers.lines import MAX_ROWS, ROW_BYTES, Lines, check_text
from backend.errors import InputError

pytestmark = pytest.mark.slow

ROOT = Path(__file__).parents[2]
SECONDS = 2.0
MEGABYTES = 300
PLAIN = {"item_id": "1", "answer": "x"}
VOTE = {"item_id": "i1", "system_a": "LLaMA-GPT4", "system_b": "Alpaca", "annotator": "ann",
        "criterion": "honest", "winner": "a"}  # fmt: skip
ITEM = {"question_id": 1, "text": "Why?", "category": "x"}


def dump(row):
    return json.dumps(row).encode()


GOOD = dump(ITEM) + b"\n"
CSV = b"item_id,answer\n"


def squeeze(name, n_bytes=50_000_000):
    """A small archive of a large file."""
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr(name, b"0" * n_bytes)
    return packed.getvalue()


def make_files():
    """Yield (name, bytes) of every malformed file."""
    yield from make_json()
    yield from make_tables()
    yield from make_bytes()
    yield from make_noise()


def make_json():
    """JSON that is none, or none of ours."""
    for number, row in enumerate(
        [
            b"{", b'{"a":', b'{"a":1', b'{"a":1,}', b'{"a" 1}', b"{'a':1}", b'{a:1}', b'{"a":tru}',
            b'{"a":"\n"}', b'{"a":"\\x"}', b'{"a":"\\u12"}', b'{"a":01}', b'{"a":.5}', b'{"a":+1}',
            b'{"a":NaN}', b'{"a":Infinity}', b'{"a":-Infinity}', b'{"a":1e400}', b'{"a":-1e999}',
            b'{"a":' + b"9" * 5000 + b"}", b'{"a":1,"a":2}', b'{"a":{"b":1,"b":2}}',
            b"null", b"1", b'"x"', b"[]", b"[1]", b"[[]]", b"true", b"{} {}", b"{}}", b"{}x", b"//",
            b"<html>", b"\x1b[2J", b'{"a":' + b"[" * 900 + b"]" * 900 + b"}",
            b'{"a":' * 2000 + b"1" + b"}" * 2000, b"[" * 100_000, b'{"a":"' + b"x" * ROW_BYTES,
            b'{"question_id":1e400,"text":"a","category":"b"}',
            b'{"question_id":{},"text":"a","category":"b"}',
            b'{"question_id":[],"text":"a","category":"b"}',
            b'{"question_id":2,"text":null,"category":"b"}',
            b'{"question_id":2,"text":"\\ud800","category":"b"}',
            b'{"question_id":2,"text":"\\u0000","category":"b"}',
            b'{"question_id":2,"text":" ","category":"b"}',
            b'{"question_id":2,"text":"' + b"x" * 70_000 + b'","category":"b"}',
            b'{"question_id":"\\u202e","text":"a","category":"b"}',
            b'{"question_id":"","text":"a","category":"b"}', b'{"question_id":2}', b"{}",
            dump(ITEM), dump({**ITEM, "question_id": "1"}),
        ]
    ):  # fmt: skip
        yield f"line-{number}.jsonl", GOOD + row + b"\n"
    deep = b'[{"a":' * 50_000
    for number, array in enumerate(
        [b"[", b"[]", b"[,]", b"[1]", b"[{}", b"[{},", b"[{}]]", b"[{}] x", b"[" + GOOD, deep,
         b"[" + GOOD + b",]", b"[" + GOOD + b" " + GOOD + b"]", b"[" + GOOD + b"," + GOOD + b"]",
         b"[" + b" " * 3_000_000, b'[{"a":"' + b"x" * 3_000_000, b"[" + b"1," * 1_500_000]
    ):  # fmt: skip
        yield f"array-{number}.json", array


def make_tables():
    """CSV that is none, or none of ours."""
    for number, rows in enumerate(
        [b"", b"1\n", b"1,2,3\n", b'1,"x\n', b'1,"x"y\n', b"1,x\n1,y\n", b",x\n",
         b"1," + b"x" * 140_000,
         b'1,"' + b"\n" * 2_000_000, b"1,\x1b\n\x1b,1\n", b"1," + b"," * 2_000_000, b"=1+1\n",
         b'1,"' + b"a\n" * 70_000 + b'"\n']
    ):  # fmt: skip
        yield f"table-{number}.csv", CSV + rows
    for number, header in enumerate(
        [b"a,a\n1,2\n", b"item_id\n1\n", b'"item_id,answer\n', b"=cmd|' /C calc'!A0,answer\n1,x\n",
         b"\x00\n", b",,,,\n", b"item_id,answer,item_id\n1,2,3\n", b"," * 900_000, b"x" * 2_000_000]
    ):  # fmt: skip
        yield f"header-{number}.csv", header


def make_bytes():
    """What is no text at all."""
    for number, data in enumerate(
        [b"", b"\n\n \t\r\n", b"\xef\xbb\xbf", b"\xef\xbb\xbf \n", b"\xff\xfe{\x00}\x00",
         b"\xfe\xff\x00{\x00}", GOOD + b"\xc3\x28", GOOD + b"\xed\xa0\x80",
         GOOD + b"\xf5\x80\x80\x80",
         GOOD + b"\xe4\xb8", b"\xef\xbb\xbf\xef\xbb\xbf" + GOOD, GOOD + b"\0\n", squeeze("a.jsonl"),
         gzip.compress(b"0" * 50_000_000), "Ünï;x\n".encode("latin-1"),
         GOOD.decode().encode("utf-16"),
         GOOD.decode().encode("utf-32"), b"%PDF-1.7\n%\xe2\xe3",
         b"SQLite format 3\0", b"\x7fELF\x02"]
    ):  # fmt: skip
        yield f"bytes-{number}.jsonl", data


def make_noise():
    """Good files with some bytes changed by chance, the same each time."""
    chance = random.Random(11)
    body = GOOD + b"".join(dump({**ITEM, "question_id": n}) + b"\n" for n in range(2, 40))
    for number in range(12):
        noisy = bytearray(body)
        for _ in range(6):
            noisy[chance.randrange(len(noisy))] = chance.choice(b'\x00\xff{}[]",:')
        yield f"noise-{number}.jsonl", bytes(noisy)


FILES = dict(make_files())
NO_LINE = ("The file is empty", "There are no rows", "no known kind")


def test_there_are_more_than_a_hundred():
    assert len(FILES) > 100
    assert len(set(FILES.values())) == len(FILES)


@pytest.mark.parametrize("name", FILES)
def test_a_hostile_file_is_refused_soon_in_words_and_writes_nothing(store, tmp_path, name):
    path = tmp_path / name
    path.write_bytes(FILES[name])
    before = store.row("SELECT count(*) AS n FROM event")["n"]
    start = time.process_time()
    with pytest.raises(InputError) as caught:
        import_file(store, path, model="m")
    assert time.process_time() - start < SECONDS
    message = str(caught.value)
    assert 10 < len(message) < 900
    assert message.isprintable()
    assert caught.value.line or any(words in message for words in NO_LINE)
    assert store.row("SELECT count(*) AS n FROM event")["n"] == before
    assert store.row("SELECT count(*) AS n FROM source_file")["n"] == 0


def test_the_control_a_good_file_is_taken(store, tmp_path):
    (tmp_path / "good.jsonl").write_bytes(b"\xef\xbb\xbf" + GOOD.replace(b"\n", b"\r\n"))
    assert import_file(store, tmp_path / "good.jsonl").new == 1


# Files as large as an import takes; made in the process that reads them.
LARGE = {
    "60 MB of blank CSV lines": "b'item_id,answer\\n' + b'\\n' * 60_000_000",
    "60 MB of blank lines": "b'\\n' * 60_000_000 + b'{}'",
    "two million tiny lines": "b'{}\\n' * 2_000_000",
    "two million votes": "vote * 300_000",
    "a CSV of tiny rows": "b'item_id,answer\\n' + b'1,x\\n' * 10_000_000",
    "an array of a million objects": "b'[' + answer * 1_000_000 + b']'",
    "an array of one row": "b'[{\"a\":[' + b'0,' * 30_000_000 + b'0]}]'",
    "an array of lists": "b'[{\"a\":[' + b'[],' * 5_000_000 + b'0]}]'",
    "an array of blanks": "b'[' + b' ' * 64_000_000",
    "one long line": "b'{\"a\":\"' + b'x' * 64_000_000",
    "one CSV row of quoted lines": "b'item_id,answer\\n' + b'\"x\\n\",' * 10_000_000",
    "one CSV row of commas": "b'item_id,answer\\n' + b',' * 64_000_000",
    "64 MB of a letter with one emoji": "'\\U0001f600'.encode() + b'x' * 64_000_000",
    "64 MB of no text": "b'{' + b'x' * 64_000_000 + b'\\xff'",
    "deep": "b'[' * 64_000_000",
}
READ = """
import json, time
from pathlib import Path
from annotations.readers import read_document
from backend.errors import InputError
vote, answer = {vote!r}, {answer!r}
data = {data}
start = time.process_time()
try:
    read_document(data)
    said = ""
except InputError as error:
    said = str(error)
took = time.process_time() - start
print(json.dumps([said, took, Path("/proc/self/status").read_text()]))
"""


@pytest.mark.parametrize("name", LARGE)
def test_a_large_hostile_file_takes_neither_long_nor_much_memory(name):
    code = READ.format(data=LARGE[name], vote=dump(VOTE) + b"\n", answer=dump(PLAIN) + b",")
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True
    )
    said, took, status = json.loads(done.stdout)
    megabytes = read_peak(status)
    assert said
    assert len(said) < 900
    assert took < SECONDS
    assert megabytes < MEGABYTES


def read_peak(status):
    """The most memory, in MB, that a process has held; of its own, not of who started it."""
    return int(re.search(r"VmHWM:\s+(\d+) kB", status)[1]) / 1024


def test_the_control_reading_one_whole_value_at_once_takes_more():
    code = "import json; json.loads(b'[{\"a\":[' + b'[],' * 5_000_000 + b'0]}]');"
    code += "print(open('/proc/self/status').read())"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert read_peak(done.stdout) > MEGABYTES


@pytest.mark.parametrize("n_rows", [MAX_ROWS, MAX_ROWS + 1])
def test_the_last_row_that_is_taken(n_rows):
    data = b"item_id,answer\n" + b"\n" * (n_rows - 2) + b"1,x\n"
    if n_rows > MAX_ROWS:
        with pytest.raises(InputError, match="more than 200,000 rows"):
            read_document(data)
    else:
        assert len(read_document(data).rows) == 1


def test_an_array_longer_than_the_view_is_read_whole():
    text = json.dumps([{"item_id": n, "answer": "é\n" * 4000} for n in range(600)], indent=1,
                      ensure_ascii=False)  # fmt: skip
    rows = read_document(text.encode()).rows_of(AnswerRow)
    assert [row.answer.item_id for row in rows] == [str(n) for n in range(600)]
    assert rows[599].line == 1 + 1 + 599 * 4
    assert {row.answer.text for row in rows} == {"é\n" * 4000}


@pytest.mark.parametrize("cut", range(1, 6))
def test_a_character_on_the_border_of_two_chunks_is_one(cut):
    text = b"x" * (1024 * 1024 - cut) + "中😀".encode() + b"x" * 10
    check_text(text)
    assert "".join(Lines(text[-100:])) == text[-100:].decode()
