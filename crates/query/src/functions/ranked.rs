//! `percentile_of(number, percent)`: the value at a rank, linear between two values (HJ 663-2013 A.6), from every value of the
//! group. A point sends few different values, so each is kept once with its count.

use std::sync::Arc;

use arrow::array::{Array, ArrayRef, AsArray, Float64Array, Int32Array, Int64Builder, ListArray, ListBuilder};
use arrow::datatypes::{DataType, Field, FieldRef, Float64Type, Int32Type, Int64Type};
use datafusion::common::{HashMap, Result};

use super::fold::Fold;

/// Values with how often each came, by their bits.
#[derive(Default)]
pub(super) struct Ranked {
    percent: i32,
    counts: HashMap<i64, i64>,
}

fn longs() -> DataType {
    DataType::List(FieldRef::new(Field::new_list_field(DataType::Int64, true)))
}

impl Ranked {
    fn value(&self) -> Option<f64> {
        let mut rising: Vec<(f64, i64)> =
            self.counts.iter().map(|(b, n)| (f64::from_bits(b.cast_unsigned()), *n)).collect();
        rising.sort_unstable_by(|a, b| a.0.total_cmp(&b.0));
        let total: i64 = rising.iter().map(|(_, n)| n).sum();
        let rank = i128::from(total.checked_sub(1).filter(|t| *t >= 0)?) * i128::from(self.percent);
        let (below, hundredths) = ((rank / 100) as i64, (rank % 100) as f64);
        let at = |place: i64| {
            let mut seen = 0;
            let found = rising.iter().find(|(_, n)| {
                seen += n;
                seen > place
            });
            found.map(|(value, _)| *value)
        };
        let low = at(below)?;
        let high = at((below + 1).min(total - 1))?;
        Some(low + (high - low) * hundredths / 100.0)
    }
}

impl Fold for Ranked {
    const NAME: &'static str = "percentile_of";
    type Input<'a> = (&'a Float64Array, &'a Int32Array);
    type Kept<'a> = (&'a Int32Array, &'a ListArray, &'a ListArray);

    fn arguments() -> Vec<DataType> {
        vec![DataType::Float64, DataType::Int32]
    }

    fn state() -> Vec<Field> {
        vec![
            Field::new("percent", DataType::Int32, false),
            Field::new("values", longs(), false),
            Field::new("counts", longs(), false),
        ]
    }

    fn result() -> DataType {
        DataType::Float64
    }

    fn input(columns: &[ArrayRef]) -> Result<Self::Input<'_>> {
        Ok((columns[0].as_primitive::<Float64Type>(), columns[1].as_primitive::<Int32Type>()))
    }

    fn kept(columns: &[ArrayRef]) -> Result<Self::Kept<'_>> {
        Ok((columns[0].as_primitive::<Int32Type>(), columns[1].as_list(), columns[2].as_list()))
    }

    fn add(&mut self, (number, percent): &Self::Input<'_>, row: usize) {
        if number.is_valid(row) && number.value(row).is_finite() {
            self.percent = percent.value(row).clamp(0, 100);
            *self.counts.entry((number.value(row) + 0.0).to_bits().cast_signed()).or_default() += 1;
        }
    }

    fn merge(&mut self, (percent, values, counts): &Self::Kept<'_>, row: usize) {
        let (values, counts) = (values.value(row), counts.value(row));
        let (values, counts) = (values.as_primitive::<Int64Type>(), counts.as_primitive::<Int64Type>());
        self.percent = self.percent.max(percent.value(row));
        for (value, count) in values.values().iter().zip(counts.values()) {
            *self.counts.entry(*value).or_default() += count;
        }
    }

    fn keep(groups: &[Self]) -> Result<Vec<ArrayRef>> {
        let (mut values, mut counts) = (ListBuilder::new(Int64Builder::new()), ListBuilder::new(Int64Builder::new()));
        for group in groups {
            for (value, count) in &group.counts {
                values.values().append_value(*value);
                counts.values().append_value(*count);
            }
            values.append(true);
            counts.append(true);
        }
        let percent = Int32Array::from_iter_values(groups.iter().map(|g| g.percent));
        Ok(vec![Arc::new(percent), Arc::new(values.finish()), Arc::new(counts.finish())])
    }

    fn results(groups: &[Self]) -> Result<ArrayRef> {
        Ok(Arc::new(groups.iter().map(Self::value).collect::<Float64Array>()))
    }

    fn heap(&self) -> usize {
        self.counts.capacity() * 18
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ranked(values: &[f64], percent: i32) -> Ranked {
        let numbers = Float64Array::from(values.to_vec());
        let percents = Int32Array::from(vec![percent; values.len()]);
        let mut out = Ranked::default();
        (0..values.len()).for_each(|row| out.add(&(&numbers, &percents), row));
        out
    }

    #[test]
    fn ranks_are_linear_between_values_and_count_repeats() {
        assert_eq!(ranked(&[10.0, 20.0], 95).value(), Some(19.5));
        assert_eq!(ranked(&[1.0, 1.0, 1.0, 5.0], 50).value(), Some(1.0));
        assert_eq!(ranked(&[-1.0, 0.0, -0.0, 1.0], 0).value(), Some(-1.0));
        assert_eq!(ranked(&[f64::NAN], 50).value(), None);
    }

    #[test]
    fn parts_merge_to_the_whole() {
        let (mut a, b) = (ranked(&[1.0, 2.0, 2.0], 95), ranked(&[2.0, 9.0], 95));
        let columns = Ranked::keep(&[b]).expect("plain columns");
        a.merge(&Ranked::kept(&columns).expect("plain columns"), 0);
        assert_eq!(a.value(), ranked(&[9.0, 2.0, 1.0, 2.0, 2.0], 95).value());
    }
}
