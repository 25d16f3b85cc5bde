//! JSON as Python writes it, which is how chat templates were tried out.

use std::io;

use serde::Serialize;
use serde_json::{Value, ser::Formatter, ser::Serializer};

/// `json.dumps(value, ensure_ascii=False, indent=indent)`.
pub(super) fn dumps(value: &Value, indent: Option<usize>) -> String {
    let mut out = Vec::new();
    let spaced = Spaced { indent, depth: 0, empty: true };
    // Writing JSON into memory cannot fail.
    let _ = value.serialize(&mut Serializer::with_formatter(&mut out, spaced));
    String::from_utf8_lossy(&out).into_owned()
}

struct Spaced {
    indent: Option<usize>,
    depth: usize,
    empty: bool,
}

impl Spaced {
    fn open<W: ?Sized + io::Write>(&mut self, writer: &mut W, bracket: &[u8]) -> io::Result<()> {
        self.depth += 1;
        self.empty = true;
        writer.write_all(bracket)
    }

    fn item<W: ?Sized + io::Write>(&mut self, writer: &mut W, first: bool) -> io::Result<()> {
        self.empty = false;
        match (self.indent, first) {
            (None, true) => Ok(()),
            (None, false) => writer.write_all(b", "),
            (Some(_), true) => self.line(writer),
            (Some(_), false) => writer.write_all(b",").and_then(|()| self.line(writer)),
        }
    }

    fn close<W: ?Sized + io::Write>(&mut self, writer: &mut W, bracket: &[u8]) -> io::Result<()> {
        self.depth -= 1;
        if self.indent.is_some() && !self.empty {
            self.line(writer)?;
        }
        self.empty = false;
        writer.write_all(bracket)
    }

    fn line<W: ?Sized + io::Write>(&self, writer: &mut W) -> io::Result<()> {
        let spaces = " ".repeat(self.depth * self.indent.unwrap_or(0));
        writer.write_all(b"\n")?;
        writer.write_all(spaces.as_bytes())
    }
}

impl Formatter for Spaced {
    fn begin_array<W: ?Sized + io::Write>(&mut self, writer: &mut W) -> io::Result<()> {
        self.open(writer, b"[")
    }

    fn end_array<W: ?Sized + io::Write>(&mut self, writer: &mut W) -> io::Result<()> {
        self.close(writer, b"]")
    }

    fn begin_array_value<W: ?Sized + io::Write>(&mut self, writer: &mut W, first: bool) -> io::Result<()> {
        self.item(writer, first)
    }

    fn begin_object<W: ?Sized + io::Write>(&mut self, writer: &mut W) -> io::Result<()> {
        self.open(writer, b"{")
    }

    fn end_object<W: ?Sized + io::Write>(&mut self, writer: &mut W) -> io::Result<()> {
        self.close(writer, b"}")
    }

    fn begin_object_key<W: ?Sized + io::Write>(&mut self, writer: &mut W, first: bool) -> io::Result<()> {
        self.item(writer, first)
    }

    fn begin_object_value<W: ?Sized + io::Write>(&mut self, writer: &mut W) -> io::Result<()> {
        writer.write_all(b": ")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_is_what_python_writes() {
        let value = serde_json::json!({"a": [1, 2.5, {}, []], "é<": {"b": null, "c": true}});
        assert_eq!(dumps(&value, None), r#"{"a": [1, 2.5, {}, []], "é<": {"b": null, "c": true}}"#);
        let indented = "{\n  \"a\": [\n    1,\n    2.5,\n    {},\n    []\n  ],\n  \"é<\": {\n    \"b\": null,\n    \"c\": true\n  }\n}";
        assert_eq!(dumps(&value, Some(2)), indented);
    }
}
