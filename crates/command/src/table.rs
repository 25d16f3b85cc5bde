//! Tables for people: aligned columns, the last one wrapped to the terminal's width, or Markdown.

use std::io::IsTerminal;

/// Space between columns.
const GAP: usize = 2;

/// Least width in which a wrapped column is still readable.
const READABLE: usize = 28;

/// Rows of text under a heading.
pub struct Table {
    rows: Vec<Vec<String>>,
}

impl Table {
    /// A table with these column titles.
    pub fn new(titles: &[&str]) -> Self {
        Self { rows: vec![titles.iter().map(|title| (*title).to_owned()).collect()] }
    }

    /// Adds a row with as many cells as there are titles.
    pub fn row<T: Into<String>>(&mut self, cells: impl IntoIterator<Item = T>) {
        self.rows.push(cells.into_iter().map(Into::into).collect());
    }

    /// The table in Markdown; the first cell of every row is code.
    pub fn markdown(&self) -> String {
        let line = |cells: &[String]| format!("| {} |\n", cells.join(" | "));
        let mut rows =
            self.rows.iter().map(|row| row.iter().map(|cell| cell.replace('|', "\\|")).collect::<Vec<_>>());
        let mut out =
            rows.next().map_or(String::new(), |titles| line(&titles) + &"|---".repeat(titles.len()) + "|\n");
        for mut row in rows {
            row[0] = format!("`{}`", row[0]);
            out.push_str(&line(&row));
        }
        out
    }

    /// The table as text for the terminal at hand.
    pub fn render(&self) -> String {
        self.render_within(terminal_width())
    }

    /// The table as text of at most `width` columns, where that leaves the last one readable;
    /// otherwise the last cell goes onto lines of its own.
    fn render_within(&self, width: usize) -> String {
        let last = self.rows[0].len() - 1;
        let widths: Vec<usize> = (0..last)
            .map(|column| self.rows.iter().map(|row| length(&row[column])).max().unwrap_or(0))
            .collect();
        let indent: usize = widths.iter().map(|width| width + GAP).sum();
        let beside = width >= indent + READABLE;
        let mut out = String::new();
        for (index, row) in self.rows.iter().enumerate() {
            let row = match index {
                0 => &row.iter().map(|title| title.to_uppercase()).collect::<Vec<_>>(),
                _ => row,
            };
            let mut head = String::new();
            for (cell, width) in row.iter().zip(&widths) {
                head.push_str(&format!("{cell}{}", " ".repeat(width - length(cell) + GAP)));
            }
            if beside {
                let lines = wrap(&row[last], width - indent);
                push_line(&mut out, &format!("{head}{}", lines[0]));
                lines[1..]
                    .iter()
                    .for_each(|line| push_line(&mut out, &format!("{}{line}", " ".repeat(indent))));
            } else {
                push_line(&mut out, &head);
                let lines = wrap(&row[last], width.saturating_sub(4).max(READABLE));
                lines.iter().for_each(|line| push_line(&mut out, &format!("    {line}")));
            }
        }
        out
    }
}

fn push_line(out: &mut String, line: &str) {
    out.push_str(line.trim_end());
    out.push('\n');
}

fn length(text: &str) -> usize {
    text.chars().count()
}

/// Columns of the terminal; a file or a pipe has no width, so nothing is wrapped there.
pub fn terminal_width() -> usize {
    if !std::io::stdout().is_terminal() {
        return 100_000;
    }
    ratatui::crossterm::terminal::size().map_or(80, |(columns, _)| usize::from(columns).max(40))
}

/// Breaks a text at spaces into lines of at most `width`; a longer word stands alone.
pub fn wrap(text: &str, width: usize) -> Vec<String> {
    let mut lines = vec![String::new()];
    for word in text.split_whitespace() {
        let line =
            lines.last_mut().filter(|line| line.is_empty() || length(line) + 1 + length(word) <= width);
        match line {
            Some(line) if line.is_empty() => line.push_str(word),
            Some(line) => {
                line.push(' ');
                line.push_str(word);
            }
            None => lines.push(word.to_owned()),
        }
    }
    lines
}

#[cfg(test)]
mod tests {
    use super::*;

    fn table() -> Table {
        let mut table = Table::new(&["key", "meaning"]);
        table.row(["learning_rate", "how far one update goes along the gradient"]);
        table
    }

    #[test]
    fn columns_align_and_the_last_one_wraps() {
        let text = table().render_within(45);
        let expected = "KEY            MEANING\n\
                        learning_rate  how far one update goes along\n               the gradient\n";
        assert_eq!(text, expected);
    }

    #[test]
    fn markdown_has_no_columns_but_its_own() {
        let mut table = Table::new(&["key", "meaning"]);
        table.row(["kind", "a|b"]);
        assert_eq!(table.markdown(), "| key | meaning |\n|---|---|\n| `kind` | a\\|b |\n");
    }

    #[test]
    fn a_narrow_terminal_gets_the_last_cell_below() {
        let text = table().render_within(40);
        assert!(text.contains("learning_rate\n    how far one update goes along the\n"), "{text}");
    }
}
