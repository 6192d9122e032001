"""The record log and the wire format on their own: whatever is cut off or flipped, what is kept is a true beginning."""

from __future__ import annotations

import contextlib
import struct
import zlib

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from wandb.proto import wandb_internal_pb2 as real

from hpowh.warehouse.sources.trackers.protobuf_wire import WireError, fields, signed, varint
from hpowh.warehouse.sources.wandb import log
from hpowh.warehouse.sources.wandb.log import BLOCK, NoLogError, RecordLog
from hpowh.warehouse.sources.wandb.run import WandbRun, history_items

START = b":W&B\xe1\xbe\x00"


def written(records: list[bytes]) -> bytes:
    """A log as the format's description has it."""
    out = bytearray(START)
    for record in records:
        rest, kind = record, 0
        while True:
            room = BLOCK - len(out) % BLOCK
            if room < 7:
                out += bytes(room)
                continue
            part, rest = rest[: room - 7], rest[room - 7 :]
            code = {(False, False): 1, (False, True): 2, (True, True): 3, (True, False): 4}[kind > 0, bool(rest)]
            out += struct.pack("<IHB", zlib.crc32(bytes([code]) + part), len(part), code) + part
            kind += 1
            if not rest:
                break
    return bytes(out)


def read(path, content: bytes) -> tuple[list[bytes], str | None]:
    path.write_bytes(content)
    log = RecordLog(path)
    found = list(log.records())
    return found, log.damage


sizes = st.lists(st.one_of(st.integers(0, 300), st.integers(BLOCK - 40, BLOCK + 40), st.just(3 * BLOCK)), max_size=6)


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(sizes=sizes, cut=st.integers(0, 200_000))
def test_what_is_cut_off_leaves_a_beginning(tmp_path, sizes, cut):
    records = [bytes([at + 1]) * size for at, size in enumerate(sizes)]
    content = written(records)
    assert read(tmp_path / "a.wandb", content) == (records, None)
    found, damage = read(tmp_path / "a.wandb", content[:cut])
    assert found == records[: len(found)]
    if len(found) < len(records) and damage is None:  # cut between two records, or within the header
        assert cut <= len(START) or written(found) == content[:cut].rstrip(b"\0") or content[:cut] == written(found)


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(at=st.integers(len(START), 10_000), flip=st.integers(1, 255))
def test_a_flipped_byte_is_noticed_and_nothing_behind_it_is_believed(tmp_path, at, flip):
    records = [bytes([n]) * 50 for n in range(1, 6)]
    content = bytearray(written(records))
    at = len(START) + at % (len(content) - len(START))
    content[at] ^= flip
    found, damage = read(tmp_path / "a.wandb", bytes(content))
    assert found == records[: (at - len(START)) // 57]
    assert damage is not None


def test_a_record_that_never_ends_is_not_held(tmp_path, monkeypatch):
    monkeypatch.setattr(log, "MOST_RECORD", 100_000)
    found, damage = read(tmp_path / "x.wandb", written([b"a" * 99_000, b"b" * 99_000, b"c" * 200_000, b"d"]))
    assert [len(record) for record in found] == [99_000, 99_000]
    assert "a record longer than 100,000 bytes" in damage


def test_another_file_and_another_version_are_refused(tmp_path):
    for content, why in ((b"PAR1....", "does not begin"), (START[:-1] + b"\x07", "version is 7")):
        (tmp_path / "a.wandb").write_bytes(content)
        with pytest.raises(NoLogError, match=why):
            RecordLog(tmp_path / "a.wandb")


numbers = st.integers(-(1 << 63), (1 << 63) - 1)


@given(number=numbers, name=st.text(), value=st.text(min_size=1), code=st.integers(-(1 << 31), (1 << 31) - 1))
def test_the_wire_reader_agrees_with_protobuf(number, name, value, code):
    record = real.Record(num=number)
    record.history.item.add(nested_key=[name, "x"], value_json=value)
    record.history.item.add(key=name, value_json="1")
    found = list(fields(record.SerializeToString()))
    assert signed(dict(found).get(1, 0)) == number
    assert list(history_items(dict(found)[2])) == [((name, "x"), value.encode()), ((name,), b"1")]
    ended = real.Record()
    ended.exit.exit_code = code
    run = WandbRun()
    run._take(ended.SerializeToString())
    assert run.exit_code == code


@given(data=st.binary(max_size=60))
def test_any_bytes_are_fields_or_an_error(data):
    with contextlib.suppress(WireError):
        assert all(number > 0 for number, _ in fields(data))


def test_numbers_without_an_end():
    for data in (b"", b"\x80", b"\xff" * 11):
        with pytest.raises(WireError):
            varint(data, 0)


def test_items_are_set_and_removed():
    run = WandbRun()
    record = real.Record()
    record.config.update.add(key="a", value_json='{"b": 1}')
    record.config.update.add(nested_key=["a", "c"], value_json="2")
    run._take(record.SerializeToString())
    assert run.config == {"a": {"b": 1, "c": 2}}
    record = real.Record()
    record.config.remove.add(nested_key=["a", "b"])
    run._take(record.SerializeToString())
    assert run.config == {"a": {"c": 2}}
