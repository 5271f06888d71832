use arrow::array::RecordBatch;
use arrow::error::ArrowError;
use arrow::row::{RowConverter, SortField};
use sha2::{Digest, Sha256};

/// Canonical digest of a result: names and types of the columns, then every row, sorted, bit by bit. The order in which rows came
/// and the cut into batches do not show.
///
/// # Errors
/// When batches do not have one schema.
pub fn digest_of(batches: &[RecordBatch]) -> Result<String, ArrowError> {
    let mut hash = Sha256::new();
    let Some(first) = batches.first() else { return Ok(hex::encode(hash.finalize())) };
    let schema = first.schema();
    for field in schema.fields() {
        hash.update(format!("{} {:?}\n", field.name(), field.data_type()));
    }
    let sorts = schema.fields().iter().map(|f| SortField::new(f.data_type().clone())).collect();
    let converter = RowConverter::new(sorts)?;
    let mut rows: Vec<Vec<u8>> = Vec::new();
    for batch in batches {
        let converted = converter.convert_columns(batch.columns())?;
        rows.extend(converted.iter().map(|row| row.as_ref().to_vec()));
    }
    rows.sort_unstable();
    for row in rows {
        hash.update((row.len() as u64).to_le_bytes());
        hash.update(row);
    }
    Ok(hex::encode(hash.finalize()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use arrow::array::{Float64Array, Int64Array};
    use arrow::datatypes::{DataType, Field, Schema};
    use std::sync::Arc;

    fn batch(rows: &[(i64, f64)]) -> RecordBatch {
        let schema =
            Schema::new(vec![Field::new("a", DataType::Int64, true), Field::new("b", DataType::Float64, true)]);
        let a = Int64Array::from_iter_values(rows.iter().map(|r| r.0));
        let b = Float64Array::from_iter_values(rows.iter().map(|r| r.1));
        RecordBatch::try_new(Arc::new(schema), vec![Arc::new(a), Arc::new(b)]).expect("a batch")
    }

    #[test]
    fn order_and_cut_do_not_show_and_the_last_bit_does() {
        let of = |batches: &[RecordBatch]| digest_of(batches).expect("one schema");
        let whole = of(&[batch(&[(1, 0.1), (2, 0.2)])]);
        assert_eq!(of(&[batch(&[(2, 0.2)]), batch(&[(1, 0.1)])]), whole);
        assert_ne!(of(&[batch(&[(1, 0.1), (2, 0.200_000_000_000_000_04)])]), whole);
        assert_ne!(of(&[batch(&[(1, 0.1)])]), whole);
    }
}
