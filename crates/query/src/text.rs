//! Results as text: CSV with a header, or JSON Lines. Missing values are empty cells, and `null` in JSON.

use std::io::{self, Write};

use arrow::array::{Array, ArrayRef, AsArray, RecordBatch};
use arrow::datatypes::{DataType, Date32Type, Decimal128Type, Float64Type, Int8Type, Int32Type, Int64Type, Schema};

/// Which text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Format {
    /// Comma-separated values.
    Csv,
    /// One object a line.
    JsonLines,
}

/// Writes batches one after the other.
pub struct Writer<W> {
    format: Format,
    out: W,
    begun: bool,
}

/// One cell.
enum Cell {
    Missing,
    Text(String),
    /// Written the same in both texts.
    Bare(String),
}

impl<W: Write> Writer<W> {
    /// Writes to `out`.
    pub fn new(format: Format, out: W) -> Self {
        Self { format, out, begun: false }
    }

    /// The header, when the text has one and it was not written yet.
    ///
    /// # Errors
    /// When `out` refuses.
    pub fn begin(&mut self, schema: &Schema) -> io::Result<()> {
        if self.format == Format::Csv && !std::mem::replace(&mut self.begun, true) {
            let names: Vec<&str> = schema.fields().iter().map(|f| f.name().as_str()).collect();
            writeln!(self.out, "{}", names.join(","))?;
        }
        Ok(())
    }

    /// Rows.
    ///
    /// # Errors
    /// When `out` refuses.
    pub fn write(&mut self, batch: &RecordBatch) -> io::Result<()> {
        self.begin(&batch.schema())?;
        let schema = batch.schema();
        for row in 0..batch.num_rows() {
            let mut line = String::new();
            for (i, column) in batch.columns().iter().enumerate() {
                line.push_str(if i == 0 { "" } else { "," });
                let cell = cell(column, row);
                match self.format {
                    Format::Csv => csv(&mut line, &cell),
                    Format::JsonLines => json(&mut line, schema.field(i).name(), &cell),
                }
            }
            match self.format {
                Format::Csv => writeln!(self.out, "{line}")?,
                Format::JsonLines => writeln!(self.out, "{{{line}}}")?,
            }
        }
        Ok(())
    }

    /// Writes out what waits.
    ///
    /// # Errors
    /// When `out` refuses.
    pub fn finish(mut self) -> io::Result<()> {
        self.out.flush()
    }
}

fn csv(line: &mut String, cell: &Cell) {
    match cell {
        Cell::Missing => {}
        Cell::Text(text) if text.contains(['"', ',', '\n', '\r']) => {
            line.push('"');
            line.push_str(&text.replace('"', "\"\""));
            line.push('"');
        }
        Cell::Text(text) | Cell::Bare(text) => line.push_str(text),
    }
}

fn json(line: &mut String, name: &str, cell: &Cell) {
    line.push_str(&serde_json::Value::from(name).to_string());
    line.push(':');
    match cell {
        Cell::Missing => line.push_str("null"),
        Cell::Text(text) => line.push_str(&serde_json::Value::from(text.as_str()).to_string()),
        Cell::Bare(text) => line.push_str(text),
    }
}

fn cell(column: &ArrayRef, row: usize) -> Cell {
    if column.is_null(row) {
        return Cell::Missing;
    }
    match column.data_type() {
        DataType::Int8 => Cell::Bare(column.as_primitive::<Int8Type>().value(row).to_string()),
        DataType::Int32 => Cell::Bare(column.as_primitive::<Int32Type>().value(row).to_string()),
        DataType::Int64 => Cell::Bare(column.as_primitive::<Int64Type>().value(row).to_string()),
        DataType::Float64 => {
            let value = column.as_primitive::<Float64Type>().value(row);
            if value.is_finite() { Cell::Bare(value.to_string()) } else { Cell::Missing }
        }
        DataType::Decimal128(..) => Cell::Bare(column.as_primitive::<Decimal128Type>().value_as_string(row)),
        DataType::Boolean => Cell::Bare(column.as_boolean().value(row).to_string()),
        DataType::Utf8 => Cell::Text(column.as_string::<i32>().value(row).to_owned()),
        DataType::Date32 => {
            let day = column.as_primitive::<Date32Type>().value_as_date(row);
            day.map_or(Cell::Missing, |d| Cell::Text(d.to_string()))
        }
        _ => {
            let shown = arrow::util::display::array_value_to_string(column, row);
            shown.map_or(Cell::Missing, Cell::Text)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use arrow::array::{Date32Array, Float64Array, StringArray};
    use arrow::datatypes::Field;
    use std::sync::Arc;

    fn written(format: Format) -> String {
        let schema = Schema::new(vec![
            Field::new("station", DataType::Utf8, true),
            Field::new("day", DataType::Date32, true),
            Field::new("mean", DataType::Float64, true),
        ]);
        let columns: Vec<ArrayRef> = vec![
            Arc::new(StringArray::from(vec![Some("a,\"b\""), None])),
            Arc::new(Date32Array::from(vec![Some(20_513), None])),
            Arc::new(Float64Array::from(vec![Some(0.1), None])),
        ];
        let batch = RecordBatch::try_new(Arc::new(schema), columns).expect("a batch");
        let mut out = Vec::new();
        let mut writer = Writer::new(format, &mut out);
        writer.write(&batch).expect("memory");
        writer.finish().expect("memory");
        String::from_utf8(out).expect("text")
    }

    #[test]
    fn both_texts_tell_missing_from_empty() {
        assert_eq!(written(Format::Csv), "station,day,mean\n\"a,\"\"b\"\"\",2026-03-01,0.1\n,,\n");
        let lines = "{\"station\":\"a,\\\"b\\\"\",\"day\":\"2026-03-01\",\"mean\":0.1}\n{\"station\":null,\"day\":null,\"mean\":null}\n";
        assert_eq!(written(Format::JsonLines), lines);
    }
}
