"""The bytes of a TensorBoard event file with one scalar, by TensorBoard's own writer.

Needs `tensorboard` (2.x). Writes crates/run/tests/data/events.hex.
"""
import os
import pathlib
import struct
import tempfile

from tensorboard.compat.proto import event_pb2, summary_pb2
from tensorboard.summary.writer.record_writer import RecordWriter

place = pathlib.Path(tempfile.mkdtemp()) / "events"
with open(place, "wb") as file:
    writer = RecordWriter(file)
    first = event_pb2.Event(wall_time=0.0, file_version="brain.Event:2")
    value = summary_pb2.Summary.Value(tag="loss/a", simple_value=1.5)
    second = event_pb2.Event(wall_time=2.0, step=300, summary=summary_pb2.Summary(value=[value]))
    # proto3 leaves out a wall time of zero, which our writer spells out; both read the same.
    header = b"\x09" + struct.pack("<d", 0.0) + first.SerializeToString()
    writer.write(header)
    writer.write(second.SerializeToString())
    writer.flush()
target = pathlib.Path(__file__).parent.parent / "crates/run/tests/data/events.hex"
target.write_text(place.read_bytes().hex() + os.linesep)
