//! Air: `air_cell` reads a concentration, `air_hour`, `air_day` and `air_year` judge an hour, a day and a year of one station.
//!
//! The rules are those of [`shanshui_domain::analyse::year`]; here they only meet columns. A pollutant is its place, 0 to 5, in the
//! order of tables. Two values for one hour and pollutant of a station: the larger counts. Concentrations leave as doubles in
//! µg/m³, CO in mg/m³.

use std::collections::BTreeMap;
use std::sync::Arc;

use arrow::array::{
    Array, ArrayRef, AsArray, BooleanArray, Date32Array, Float64Array, Int32Array, Int64Array, Int64Builder, ListArray,
    ListBuilder, StringArray, StructArray,
};
use arrow::datatypes::{DataType, Date32Type, Field, FieldRef, Fields, Float64Type, Int8Type, Int32Type, Int64Type};
use datafusion::common::Result;
use datafusion::logical_expr::{ColumnarValue, ScalarFunctionArgs, ScalarUDFImpl, Signature, Volatility};
use jiff::civil::Date;
use shanshui_domain::analyse::air::{Evaluated, POLLUTANTS, Report};
use shanshui_domain::analyse::year::{AirDay, AirYear, CELL_DECIMALS, Cell, DayHours, HOURS, YearDay, cell};

use super::RULES;
use super::civil::day_of;
use super::fold::Fold;

/// Column names of the pollutants, in the order of tables.
pub const POLLUTANT_COLUMNS: [&str; 6] = ["so2", "no2", "co", "o3", "pm10", "pm2_5"];

/// `air_cell(number, decimals, value, tens)`: a concentration in whole 10⁻⁹ of its unit, as the text that was sent says it, times
/// that power of ten.
#[derive(Debug, PartialEq, Eq, Hash)]
pub(super) struct AirCell(Signature);

impl Default for AirCell {
    fn default() -> Self {
        let arguments = vec![DataType::Float64, DataType::Int8, DataType::Utf8, DataType::Int32];
        Self(Signature::exact(arguments, Volatility::Immutable))
    }
}

/// The cell of a number sent with so many decimals. Exact while the digits fit a double; beyond, as its text.
fn cell_of(number: f64, decimals: i8, tens: i32) -> Option<Cell> {
    let sent = (number * 10f64.powi(i32::from(decimals.clamp(0, 18)))).round_ties_even();
    let up = CELL_DECIMALS as i32 - i32::from(decimals) + tens;
    if (0..=18).contains(&decimals) && (0..=18).contains(&up) && sent.abs() < 9e15 {
        return (sent as i64).checked_mul(10i64.pow(up.unsigned_abs()));
    }
    let places = usize::from(decimals.max(0).unsigned_abs());
    cell(moved(&format!("{number:.places$}"), tens).as_bytes())
}

/// Decimal text with its point moved to the right, or for a negative number to the left. What is no decimal stays so.
fn moved(text: &str, tens: i32) -> String {
    if tens == 0 {
        return text.to_owned();
    }
    let (sign, digits) = text.strip_prefix('-').map_or(("", text), |rest| ("-", rest));
    let (whole, part) = digits.split_once('.').unwrap_or((digits, ""));
    if part.contains('.') {
        return text.to_owned();
    }
    let shift = tens.unsigned_abs() as usize;
    let (whole, part) = if tens > 0 {
        let part = format!("{part:0<shift$}");
        (format!("{whole}{}", &part[..shift]), part[shift..].to_owned())
    } else {
        let whole = format!("{whole:0>width$}", width = shift + 1);
        let cut = whole.len() - shift;
        (whole[..cut].to_owned(), format!("{}{part}", &whole[cut..]))
    };
    format!("{sign}{whole}.{part}")
}

impl ScalarUDFImpl for AirCell {
    fn name(&self) -> &'static str {
        "air_cell"
    }

    fn signature(&self) -> &Signature {
        &self.0
    }

    fn return_type(&self, _: &[DataType]) -> Result<DataType> {
        Ok(DataType::Int64)
    }

    fn invoke_with_args(&self, args: ScalarFunctionArgs) -> Result<ColumnarValue> {
        let columns = ColumnarValue::values_to_arrays(&args.args)?;
        let (number, decimals) = (columns[0].as_primitive::<Float64Type>(), columns[1].as_primitive::<Int8Type>());
        let (value, tens) = (columns[2].as_string::<i32>(), columns[3].as_primitive::<Int32Type>());
        let read = |row: usize| {
            let tens = tens.value(row).clamp(-18, 18);
            if value.is_valid(row) {
                return cell(moved(value.value(row), tens).as_bytes());
            }
            let finite = number.is_valid(row) && number.value(row).is_finite() && decimals.is_valid(row);
            finite.then(|| cell_of(number.value(row), decimals.value(row), tens)).flatten()
        };
        Ok(ColumnarValue::Array(Arc::new((0..number.len()).map(read).collect::<Int64Array>())))
    }
}

fn nullable(name: impl Into<String>, of: DataType) -> Field {
    Field::new(name, of, true)
}

fn whole(name: &str) -> Field {
    nullable(name, DataType::Int32)
}

fn longs() -> DataType {
    DataType::List(FieldRef::new(Field::new_list_field(DataType::Int64, true)))
}

fn structure(fields: Vec<Field>, columns: Vec<ArrayRef>) -> Result<ArrayRef> {
    Ok(Arc::new(StructArray::try_new(Fields::from(fields), columns, None)?))
}

/// Columns of one judgement: AQI, level, primary pollutants, edition, the six IAQIs.
fn judged_fields() -> Vec<Field> {
    let mut fields = vec![whole("aqi"), whole("level"), nullable("primary_pollutant", DataType::Utf8)];
    fields.push(nullable("edition", DataType::Utf8));
    fields.extend(POLLUTANT_COLUMNS.map(|p| whole(&format!("{p}_iaqi"))));
    fields
}

fn judged_columns(seen: &[Option<(Date, Report, Evaluated)>]) -> Vec<ArrayRef> {
    let ints = |of: &dyn Fn(&Evaluated) -> Option<i32>| -> ArrayRef {
        Arc::new(seen.iter().map(|s| s.as_ref().and_then(|(_, _, e)| of(e))).collect::<Int32Array>())
    };
    let mut columns = vec![
        ints(&|e| e.aqi.map(i32::from)),
        ints(&|e| e.aqi.and_then(|a| RULES.level(a)).map(i32::from)),
        Arc::new(seen.iter().map(|s| s.as_ref().map(|(_, _, e)| primaries(e))).collect::<StringArray>()),
        Arc::new(
            seen.iter()
                .map(|s| s.as_ref().map(|(day, report, _)| RULES.index(*day, *report).standard.head.id.clone()))
                .collect::<StringArray>(),
        ),
    ];
    columns.extend((0..6).map(|i| ints(&|e| e.iaqi[i].map(i32::from))));
    columns
}

fn primaries(seen: &Evaluated) -> String {
    seen.primary().collect::<Vec<_>>().join(",")
}

/// One hour: `air_hour(day, pollutant, cell)`.
#[derive(Default)]
pub(super) struct HourState {
    day: Option<i32>,
    cells: [Option<Cell>; 6],
}

type HourInput<'a> = (&'a Date32Array, &'a Int32Array, &'a Int64Array);

impl Fold for HourState {
    const NAME: &'static str = "air_hour";
    type Input<'a> = HourInput<'a>;
    type Kept<'a> = (&'a Date32Array, &'a ListArray);

    fn arguments() -> Vec<DataType> {
        vec![DataType::Date32, DataType::Int32, DataType::Int64]
    }

    fn state() -> Vec<Field> {
        vec![nullable("day", DataType::Date32), nullable("cells", longs())]
    }

    fn result() -> DataType {
        let mut fields = judged_fields();
        fields.extend(POLLUTANT_COLUMNS.map(|p| nullable(p, DataType::Float64)));
        DataType::Struct(Fields::from(fields))
    }

    fn input(columns: &[ArrayRef]) -> Result<Self::Input<'_>> {
        Ok((
            columns[0].as_primitive::<Date32Type>(),
            columns[1].as_primitive::<Int32Type>(),
            columns[2].as_primitive::<Int64Type>(),
        ))
    }

    fn kept(columns: &[ArrayRef]) -> Result<Self::Kept<'_>> {
        Ok((columns[0].as_primitive::<Date32Type>(), columns[1].as_list()))
    }

    fn add(&mut self, (day, pollutant, cell): &Self::Input<'_>, row: usize) {
        self.day = self.day.max(day.is_valid(row).then(|| day.value(row)));
        let place = usize::try_from(pollutant.value(row)).ok().filter(|p| *p < 6);
        if let Some(place) = place.filter(|_| cell.is_valid(row)) {
            self.cells[place] = self.cells[place].max(Some(cell.value(row)));
        }
    }

    fn merge(&mut self, (day, cells): &Self::Kept<'_>, row: usize) {
        self.day = self.day.max(day.is_valid(row).then(|| day.value(row)));
        let cells = cells.value(row);
        for (kept, cell) in self.cells.iter_mut().zip(cells.as_primitive::<Int64Type>()) {
            *kept = (*kept).max(cell);
        }
    }

    fn keep(groups: &[Self]) -> Result<Vec<ArrayRef>> {
        let mut cells = ListBuilder::new(Int64Builder::new());
        for group in groups {
            cells.append_value(group.cells);
        }
        Ok(vec![Arc::new(groups.iter().map(|g| g.day).collect::<Date32Array>()), Arc::new(cells.finish())])
    }

    fn results(groups: &[Self]) -> Result<ArrayRef> {
        let judge = |g: &Self| {
            let day = g.day.and_then(day_of)?;
            Some((day, Report::Hour, RULES.hour(day, &g.cells)))
        };
        let mut columns = judged_columns(&groups.iter().map(judge).collect::<Vec<_>>());
        columns.extend((0..6).map(|i| {
            let value = |g: &Self| g.cells[i].map(|c| c as f64 / 1e9);
            Arc::new(groups.iter().map(value).collect::<Float64Array>()) as ArrayRef
        }));
        let DataType::Struct(fields) = Self::result() else { unreachable!("the result is a structure") };
        structure(fields.iter().map(|f| f.as_ref().clone()).collect(), columns)
    }
}

/// One day: `air_day(day, hour, pollutant, cell)`.
#[derive(Default)]
pub(super) struct DayState {
    day: Option<i32>,
    hours: Option<Box<DayHours>>,
}

impl DayState {
    fn put(&mut self, hour: usize, pollutant: usize, cell: Option<Cell>) {
        let hours = self.hours.get_or_insert_with(|| Box::new([[None; 6]; HOURS]));
        hours[hour][pollutant] = hours[hour][pollutant].max(cell);
    }

    fn judged(&self) -> Option<(Date, AirDay, Vec<Evaluated>)> {
        let (day, hours) = (self.day.and_then(day_of)?, self.hours.as_ref()?);
        let hourly = hours.iter().filter(|h| h.iter().any(Option::is_some)).map(|h| RULES.hour(day, h)).collect();
        Some((day, RULES.day(day, hours), hourly))
    }
}

fn in_units(value: i64, pollutant: usize) -> f64 {
    value as f64 / 10f64.powi(RULES.decimals(pollutant) as i32)
}

impl Fold for DayState {
    const NAME: &'static str = "air_day";
    type Input<'a> = (&'a Date32Array, &'a Int32Array, &'a Int32Array, &'a Int64Array);
    type Kept<'a> = (&'a Date32Array, &'a ListArray);

    fn arguments() -> Vec<DataType> {
        vec![DataType::Date32, DataType::Int32, DataType::Int32, DataType::Int64]
    }

    fn state() -> Vec<Field> {
        vec![nullable("day", DataType::Date32), nullable("cells", longs())]
    }

    fn result() -> DataType {
        let mut fields = judged_fields();
        fields.extend(POLLUTANT_COLUMNS.map(|p| nullable(p, DataType::Float64)));
        fields.extend(POLLUTANT_COLUMNS.map(|p| whole(&format!("{p}_hours"))));
        fields.extend([whole("hours"), whole("hour_aqi_max")]);
        DataType::Struct(Fields::from(fields))
    }

    fn input(columns: &[ArrayRef]) -> Result<Self::Input<'_>> {
        Ok((
            columns[0].as_primitive::<Date32Type>(),
            columns[1].as_primitive::<Int32Type>(),
            columns[2].as_primitive::<Int32Type>(),
            columns[3].as_primitive::<Int64Type>(),
        ))
    }

    fn kept(columns: &[ArrayRef]) -> Result<Self::Kept<'_>> {
        Ok((columns[0].as_primitive::<Date32Type>(), columns[1].as_list()))
    }

    fn add(&mut self, (day, hour, pollutant, cell): &Self::Input<'_>, row: usize) {
        self.day = self.day.max(day.is_valid(row).then(|| day.value(row)));
        let place = |of: &Int32Array, end: usize| usize::try_from(of.value(row)).ok().filter(|p| *p < end);
        if let (Some(hour), Some(pollutant), true) = (place(hour, HOURS), place(pollutant, 6), cell.is_valid(row)) {
            self.put(hour, pollutant, Some(cell.value(row)));
        }
    }

    fn merge(&mut self, (day, cells): &Self::Kept<'_>, row: usize) {
        self.day = self.day.max(day.is_valid(row).then(|| day.value(row)));
        let cells = cells.value(row);
        for (place, cell) in cells.as_primitive::<Int64Type>().iter().enumerate() {
            self.put(place / 6, place % 6, cell);
        }
    }

    fn keep(groups: &[Self]) -> Result<Vec<ArrayRef>> {
        let mut cells = ListBuilder::new(Int64Builder::new());
        for group in groups {
            let hours = group.hours.iter().flat_map(|h| h.iter().flatten());
            cells.append_value(hours.copied());
        }
        Ok(vec![Arc::new(groups.iter().map(|g| g.day).collect::<Date32Array>()), Arc::new(cells.finish())])
    }

    fn results(groups: &[Self]) -> Result<ArrayRef> {
        let judged: Vec<Option<(Date, AirDay, Vec<Evaluated>)>> = groups.iter().map(Self::judged).collect();
        let seen = |j: &Option<(Date, AirDay, Vec<Evaluated>)>| {
            let (day, air, _) = j.as_ref()?;
            Some((*day, Report::Day, air.seen))
        };
        let mut columns = judged_columns(&judged.iter().map(seen).collect::<Vec<_>>());
        columns.extend((0..6).map(|i| {
            let value = |j: &Option<(Date, AirDay, Vec<Evaluated>)>| Some(in_units(j.as_ref()?.1.values[i]?, i));
            Arc::new(judged.iter().map(value).collect::<Float64Array>()) as ArrayRef
        }));
        columns.extend((0..6).map(|i| {
            let hours = |j: &Option<(Date, AirDay, Vec<Evaluated>)>| Some(i32::from(j.as_ref()?.1.hours[i]));
            Arc::new(judged.iter().map(hours).collect::<Int32Array>()) as ArrayRef
        }));
        let published = |j: &Option<(Date, AirDay, Vec<Evaluated>)>| -> Option<Vec<u16>> {
            Some(j.as_ref()?.2.iter().filter_map(|e| e.aqi).collect())
        };
        let count = judged.iter().map(|j| published(j).map(|p| p.len() as i32)).collect::<Int32Array>();
        let most = judged.iter().map(|j| published(j)?.into_iter().max().map(i32::from)).collect::<Int32Array>();
        columns.extend([Arc::new(count) as ArrayRef, Arc::new(most) as ArrayRef]);
        let DataType::Struct(fields) = Self::result() else { unreachable!("the result is a structure") };
        structure(fields.iter().map(|f| f.as_ref().clone()).collect(), columns)
    }

    fn heap(&self) -> usize {
        self.hours.as_ref().map_or(0, |h| size_of_val(h.as_ref()))
    }
}

/// One year: `air_year(day, hours, hour_aqi_max, so2, no2, co, o3, pm10, pm2_5)`, one row a day.
#[derive(Default)]
pub(super) struct YearState {
    days: BTreeMap<i32, [Option<i64>; 6]>,
    hours: i64,
    hour_aqi_max: Option<i32>,
}

impl YearState {
    fn evaluated(&self) -> AirYear {
        let day = |(number, values): (&i32, &[Option<i64>; 6])| {
            let day = day_of(*number)?;
            Some(YearDay { day, values: *values, seen: RULES.judge_day(day, values) })
        };
        RULES.year(&self.days.iter().filter_map(day).collect::<Vec<_>>())
    }
}

pub(super) struct YearInput<'a> {
    day: &'a Date32Array,
    hours: &'a Int32Array,
    most: &'a Int32Array,
    values: [&'a Float64Array; 6],
}

impl Fold for YearState {
    const NAME: &'static str = "air_year";
    type Input<'a> = YearInput<'a>;
    type Kept<'a> = (&'a Int64Array, &'a Int32Array, &'a ListArray);

    fn arguments() -> Vec<DataType> {
        let mut types = vec![DataType::Date32, DataType::Int32, DataType::Int32];
        types.extend(POLLUTANT_COLUMNS.map(|_| DataType::Float64));
        types
    }

    fn state() -> Vec<Field> {
        vec![
            Field::new("hours", DataType::Int64, false),
            nullable("hour_aqi_max", DataType::Int32),
            nullable("days", longs()),
        ]
    }

    fn result() -> DataType {
        let mut fields = vec![whole("days"), whole("good_days")];
        fields.extend((1..=6).map(|level| whole(&format!("level{level}_days"))));
        fields.extend([whole("aqi_max"), nullable("hours", DataType::Int64), whole("hour_aqi_max")]);
        for p in POLLUTANT_COLUMNS {
            fields.extend([
                whole(&format!("{p}_days")),
                nullable(format!("{p}_valid"), DataType::Boolean),
                nullable(format!("{p}_mean"), DataType::Float64),
                whole(&format!("{p}_percent")),
                nullable(format!("{p}_percentile"), DataType::Float64),
                whole(&format!("{p}_primary_days")),
            ]);
        }
        DataType::Struct(Fields::from(fields))
    }

    fn input(columns: &[ArrayRef]) -> Result<Self::Input<'_>> {
        Ok(YearInput {
            day: columns[0].as_primitive::<Date32Type>(),
            hours: columns[1].as_primitive::<Int32Type>(),
            most: columns[2].as_primitive::<Int32Type>(),
            values: std::array::from_fn(|i| columns[3 + i].as_primitive::<Float64Type>()),
        })
    }

    fn kept(columns: &[ArrayRef]) -> Result<Self::Kept<'_>> {
        Ok((columns[0].as_primitive::<Int64Type>(), columns[1].as_primitive::<Int32Type>(), columns[2].as_list()))
    }

    fn add(&mut self, input: &Self::Input<'_>, row: usize) {
        if input.day.is_null(row) {
            return;
        }
        let value = |i: usize| {
            let column = input.values[i];
            let scale = 10f64.powi(RULES.decimals(i) as i32);
            column.is_valid(row).then(|| (column.value(row) * scale).round_ties_even() as i64)
        };
        self.days.insert(input.day.value(row), std::array::from_fn(value));
        if input.hours.is_valid(row) {
            self.hours += i64::from(input.hours.value(row));
        }
        self.hour_aqi_max = self.hour_aqi_max.max(input.most.is_valid(row).then(|| input.most.value(row)));
    }

    fn merge(&mut self, (hours, most, days): &Self::Kept<'_>, row: usize) {
        self.hours += hours.value(row);
        self.hour_aqi_max = self.hour_aqi_max.max(most.is_valid(row).then(|| most.value(row)));
        let days = days.value(row);
        let days = days.as_primitive::<Int64Type>();
        for start in (0..days.len()).step_by(7) {
            let value = |i: usize| days.is_valid(start + 1 + i).then(|| days.value(start + 1 + i));
            self.days.insert(days.value(start) as i32, std::array::from_fn(value));
        }
    }

    fn keep(groups: &[Self]) -> Result<Vec<ArrayRef>> {
        let mut days = ListBuilder::new(Int64Builder::new());
        for group in groups {
            for (day, values) in &group.days {
                days.values().append_value(i64::from(*day));
                for value in values {
                    days.values().append_option(*value);
                }
            }
            days.append(true);
        }
        Ok(vec![
            Arc::new(Int64Array::from_iter_values(groups.iter().map(|g| g.hours))),
            Arc::new(groups.iter().map(|g| g.hour_aqi_max).collect::<Int32Array>()),
            Arc::new(days.finish()),
        ])
    }

    fn results(groups: &[Self]) -> Result<ArrayRef> {
        let years: Vec<AirYear> = groups.iter().map(Self::evaluated).collect();
        let counts = |of: &dyn Fn(&AirYear) -> u32| -> ArrayRef {
            Arc::new(Int32Array::from_iter_values(years.iter().map(|y| of(y) as i32)))
        };
        let mut columns = vec![counts(&|y| y.days), counts(&AirYear::good_days)];
        columns.extend((0..6).map(|level| counts(&|y| y.level_days[level])));
        columns.push(Arc::new(years.iter().map(|y| y.aqi_max.map(i32::from)).collect::<Int32Array>()));
        columns.push(Arc::new(Int64Array::from_iter_values(groups.iter().map(|g| g.hours))));
        columns.push(Arc::new(groups.iter().map(|g| g.hour_aqi_max).collect::<Int32Array>()));
        for i in 0..POLLUTANTS.len() {
            let units = |of: &dyn Fn(&AirYear) -> Option<i64>| -> ArrayRef {
                Arc::new(years.iter().map(|y| of(y).map(|v| in_units(v, i))).collect::<Float64Array>())
            };
            columns.push(counts(&|y| y.pollutants[i].days));
            columns.push(Arc::new(years.iter().map(|y| Some(y.pollutants[i].valid)).collect::<BooleanArray>()));
            columns.push(units(&|y| y.pollutants[i].mean));
            columns.push(counts(&|y| y.pollutants[i].percentile));
            columns.push(units(&|y| y.pollutants[i].at_percentile));
            columns.push(counts(&|y| y.pollutants[i].primary_days));
        }
        let DataType::Struct(fields) = Self::result() else { unreachable!("the result is a structure") };
        structure(fields.iter().map(|f| f.as_ref().clone()).collect(), columns)
    }

    fn heap(&self) -> usize {
        self.days.len() * 128
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn a_number_with_its_decimals_is_the_cell_of_its_text(mantissa in -9_999_999i64..10_000_000, decimals in 0i8..8) {
            let number = mantissa as f64 / 10f64.powi(i32::from(decimals));
            let text = format!("{number:.places$}", places = usize::from(decimals.unsigned_abs()));
            prop_assert_eq!(cell_of(number, decimals, 0), cell(text.as_bytes()));
            prop_assert_eq!(cell_of(number, decimals, 3), cell(moved(&text, 3).as_bytes()));
            prop_assert_eq!(cell_of(number, decimals, -3), cell(moved(&text, -3).as_bytes()));
        }
    }

    #[test]
    fn decimals_beyond_a_cell_are_read_as_text() {
        assert_eq!(cell_of(0.5, 12, 0), Some(500_000_000));
        assert_eq!(cell_of(1e300, 0, 0), None);
        assert_eq!(
            (moved("0.0354", 3), moved("-1507", -3), moved("7", -3)),
            ("0035.4".into(), "-1.507".into(), "0.007".into())
        );
        assert_eq!(cell(moved("dash", 3).as_bytes()), None);
    }

    fn day(parts: &[&[(i32, i32, i64)]]) -> (ArrayRef, DayState) {
        let mut whole = DayState::default();
        for part in parts {
            let days = Date32Array::from(vec![20_000; part.len()]);
            let hours = Int32Array::from_iter_values(part.iter().map(|p| p.0));
            let places = Int32Array::from_iter_values(part.iter().map(|p| p.1));
            let cells = Int64Array::from_iter_values(part.iter().map(|p| p.2 * 1_000_000_000));
            let mut state = DayState::default();
            (0..part.len()).for_each(|row| state.add(&(&days, &hours, &places, &cells), row));
            let columns = DayState::keep(&[state]).expect("plain columns");
            whole.merge(&DayState::kept(&columns).expect("plain columns"), 0);
        }
        (DayState::results(std::slice::from_ref(&whole)).expect("plain columns"), whole)
    }

    #[test]
    fn a_day_is_that_of_the_domain_however_its_hours_come() {
        let hours: Vec<(i32, i32, i64)> =
            (0..24).flat_map(|h| (0..6).map(move |p| (h, p, i64::from(h * 3 + p * 11)))).collect();
        let (one, state) = day(&[&hours]);
        let mut turned = hours.clone();
        turned.reverse();
        let (two, _) = day(&[&turned[..50], &turned[50..]]);
        assert_eq!(one.to_data(), two.to_data());
        let direct = RULES.day(day_of(20_000).expect("a day"), state.hours.as_ref().expect("hours"));
        let column = |name: &str| one.as_struct().column_by_name(name).expect("a column").clone();
        assert_eq!(column("aqi").as_primitive::<Int32Type>().value(0), i32::from(direct.seen.aqi.expect("whole day")));
        assert_eq!(column("pm10").as_primitive::<Float64Type>().value(0), direct.values[4].expect("whole day") as f64);
        assert_eq!(column("primary_pollutant").as_string::<i32>().value(0), primaries(&direct.seen));
    }
}
