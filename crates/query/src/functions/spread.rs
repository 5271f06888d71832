//! `spread(number, decimals)`: how many values, their sum, mean, smallest and largest.
//!
//! A value is the decimal that was sent: `number` rounded to `decimals` places. Values are added as whole billionths (10⁻⁹) in 128
//! bits, what lies finer than that rounded half to even, so that no order of addition changes the sum. A value of 10¹⁸ or more
//! cannot be added so; it counts, takes part in smallest and largest, and leaves sum and mean without a value.

use std::ops::Range;
use std::sync::Arc;

use arrow::array::{ArrayRef, AsArray, Decimal128Array, Float64Array, Int64Array, StructArray};
use arrow::datatypes::{DataType, Decimal128Type, Field, Fields, Float64Type, Int8Type, Int64Type};
use datafusion::common::Result;

use super::fold::Fold;

/// Decimals of a sum.
pub(super) const SCALE: i8 = 9;
const SUM: DataType = DataType::Decimal128(38, SCALE);
/// From here on a value does not fit beside 10¹¹ others.
const BEYOND: f64 = 1e18;

/// 1.5 · 2⁵²: a double of this size has no fraction, so adding it rounds a smaller one half to even.
const NO_FRACTION: f64 = 6_755_399_441_055_744.0;

/// State of a group.
pub(super) struct Spread {
    count: i64,
    beyond: i64,
    sum: i128,
    min: f64,
    max: f64,
}

impl Default for Spread {
    fn default() -> Self {
        Self { count: 0, beyond: 0, sum: 0, min: f64::INFINITY, max: f64::NEG_INFINITY }
    }
}

/// A value in whole 10⁻⁹; none when it is too large.
pub(super) fn whole(number: f64, decimals: i8) -> Option<i128> {
    const TENS: [f64; 10] = [1e0, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9];
    const WHOLE: [i64; 10] = [1_000_000_000, 100_000_000, 10_000_000, 1_000_000, 100_000, 10_000, 1_000, 100, 10, 1];
    if number.abs() >= BEYOND {
        return None;
    }
    let places = usize::from(decimals.clamp(0, SCALE).unsigned_abs());
    let scaled = number * TENS[places];
    // within 64 bits nearly always: one multiplication, and no call to round
    if scaled.abs() < 9e9 {
        let sent = (scaled + NO_FRACTION) - NO_FRACTION;
        return Some(i128::from(sent as i64 * WHOLE[places]));
    }
    let sent = scaled.round_ties_even();
    // whole numbers of a double end here; beyond, its own digits count
    if sent.abs() < 9e15 {
        return Some(sent as i128 * i128::from(WHOLE[places]));
    }
    let rest = (number.fract() * TENS[9]).round_ties_even();
    Some(number.trunc() as i128 * i128::from(WHOLE[0]) + rest as i128)
}

impl Spread {
    fn take(&mut self, number: f64, decimals: i8) {
        if !number.is_finite() {
            return;
        }
        // no negative zero: which of the two is met first must not show
        let number = number + 0.0;
        self.count += 1;
        // of numbers: no look whether one is none
        self.min = if number < self.min { number } else { self.min };
        self.max = if number > self.max { number } else { self.max };
        match whole(number, decimals) {
            Some(value) => self.sum = self.sum.wrapping_add(value),
            None => self.beyond += 1,
        }
    }

    fn added(&self) -> Option<i128> {
        (self.count > 0 && self.beyond == 0).then_some(self.sum)
    }
}

impl Fold for Spread {
    const NAME: &'static str = "spread";
    type Input<'a> = (&'a Float64Array, &'a arrow::array::Int8Array);
    type Kept<'a> = (&'a Int64Array, &'a Int64Array, &'a Decimal128Array, &'a Float64Array, &'a Float64Array);

    fn arguments() -> Vec<DataType> {
        vec![DataType::Float64, DataType::Int8]
    }

    fn state() -> Vec<Field> {
        let field = |name: &str, of: DataType| Field::new(name, of, false);
        vec![
            field("count", DataType::Int64),
            field("beyond", DataType::Int64),
            field("sum", SUM),
            field("min", DataType::Float64),
            field("max", DataType::Float64),
        ]
    }

    fn result() -> DataType {
        DataType::Struct(Fields::from(vec![
            Field::new("count", DataType::Int64, false),
            Field::new("sum", SUM, true),
            Field::new("mean", DataType::Float64, true),
            Field::new("min", DataType::Float64, true),
            Field::new("max", DataType::Float64, true),
        ]))
    }

    fn input(columns: &[ArrayRef]) -> Result<Self::Input<'_>> {
        Ok((columns[0].as_primitive::<Float64Type>(), columns[1].as_primitive::<Int8Type>()))
    }

    fn kept(columns: &[ArrayRef]) -> Result<Self::Kept<'_>> {
        Ok((
            columns[0].as_primitive::<Int64Type>(),
            columns[1].as_primitive::<Int64Type>(),
            columns[2].as_primitive::<Decimal128Type>(),
            columns[3].as_primitive::<Float64Type>(),
            columns[4].as_primitive::<Float64Type>(),
        ))
    }

    fn add(&mut self, input: &Self::Input<'_>, row: usize) {
        self.add_run(input, row..row + 1);
    }

    fn add_run(&mut self, (number, decimals): &Self::Input<'_>, rows: Range<usize>) {
        use arrow::array::Array;
        // in registers while the run lasts
        let mut all = std::mem::take(self);
        for row in rows {
            if number.is_valid(row) {
                all.take(number.value(row), if decimals.is_valid(row) { decimals.value(row) } else { SCALE });
            }
        }
        *self = all;
    }

    fn merge(&mut self, (count, beyond, sum, min, max): &Self::Kept<'_>, row: usize) {
        self.count += count.value(row);
        self.beyond += beyond.value(row);
        self.sum = self.sum.wrapping_add(sum.value(row));
        self.min = self.min.min(min.value(row));
        self.max = self.max.max(max.value(row));
    }

    fn keep(groups: &[Self]) -> Result<Vec<ArrayRef>> {
        let sum = Decimal128Array::from_iter_values(groups.iter().map(|g| g.sum)).with_data_type(SUM);
        Ok(vec![
            Arc::new(Int64Array::from_iter_values(groups.iter().map(|g| g.count))),
            Arc::new(Int64Array::from_iter_values(groups.iter().map(|g| g.beyond))),
            Arc::new(sum),
            Arc::new(Float64Array::from_iter_values(groups.iter().map(|g| g.min))),
            Arc::new(Float64Array::from_iter_values(groups.iter().map(|g| g.max))),
        ])
    }

    fn results(groups: &[Self]) -> Result<ArrayRef> {
        let some = |g: &Self, value: f64| (g.count > 0).then_some(value);
        let mean = |g: &Self| g.added().map(|sum| mean_of(sum, g.count));
        let columns: Vec<ArrayRef> = vec![
            Arc::new(Int64Array::from_iter_values(groups.iter().map(|g| g.count))),
            Arc::new(groups.iter().map(Self::added).collect::<Decimal128Array>().with_data_type(SUM)),
            Arc::new(groups.iter().map(mean).collect::<Float64Array>()),
            Arc::new(groups.iter().map(|g| some(g, g.min)).collect::<Float64Array>()),
            Arc::new(groups.iter().map(|g| some(g, g.max)).collect::<Float64Array>()),
        ];
        let DataType::Struct(fields) = Self::result() else { unreachable!("the result is a structure") };
        Ok(Arc::new(StructArray::try_new(fields, columns, None)?))
    }
}

/// Sum by count, in units: the whole part and the rest divided apart, so that a long sum loses nothing that a double can hold.
fn mean_of(sum: i128, count: i64) -> f64 {
    let unit = 10i128.pow(u32::from(SCALE.unsigned_abs())) * i128::from(count);
    (sum / unit) as f64 + (sum % unit) as f64 / unit as f64
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn spread(values: &[(f64, i8)]) -> Spread {
        let mut spread = Spread::default();
        for (number, decimals) in values {
            spread.take(*number, *decimals);
        }
        spread
    }

    #[test]
    fn a_sum_is_that_of_the_decimals_sent() {
        let tenths = spread(&[(0.1, 1); 10]);
        assert_eq!((tenths.sum, mean_of(tenths.sum, 10)), (1_000_000_000, 0.1));
        assert_eq!(spread(&[(1e17, 0), (0.25, 2), (-1e17, 0)]).sum, 250_000_000);
        assert_eq!(whole(123_456_789.12, 2), Some(123_456_789_120_000_000));
        assert_eq!(whole(0.000_000_000_5, 10), Some(0), "half to even");
        assert_eq!(whole(1e17, 9), whole(1e17, 0), "decimals that are not known change nothing");
        assert_eq!(whole(90_000_000.5, 9), whole(90_000_000.5, 1));
    }

    #[test]
    fn what_is_too_large_counts_and_leaves_no_sum() {
        let got = spread(&[(1e18, 0), (1.0, 0), (f64::NAN, 0)]);
        assert_eq!((got.count, got.added(), got.max), (2, None, 1e18));
        assert_eq!(spread(&[]).added(), None);
    }

    proptest! {
        #[test]
        fn order_and_cut_change_nothing(mut values in proptest::collection::vec((-1e6f64..1e6, 0i8..12), 1..60), cut in 0usize..60) {
            let whole = spread(&values);
            values.reverse();
            let (a, b) = values.split_at(cut.min(values.len()));
            let (mut a, b) = (spread(a), spread(b));
            let columns = Spread::keep(&[b]).expect("plain columns");
            a.merge(&Spread::kept(&columns).expect("plain columns"), 0);
            prop_assert_eq!((a.count, a.sum, a.min.to_bits(), a.max.to_bits()), (whole.count, whole.sum, whole.min.to_bits(), whole.max.to_bits()));
        }
    }
}
