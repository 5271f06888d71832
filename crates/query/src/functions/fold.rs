//! Aggregates as a fold over rows: what one group holds ([`Fold`]), and the two shapes in which the engine asks for it.

use std::any::type_name;
use std::fmt;
use std::hash::{Hash, Hasher};
use std::marker::PhantomData;
use std::ops::Range;

use arrow::array::{Array, ArrayRef, BooleanArray};
use arrow::datatypes::{DataType, Field, FieldRef};
use datafusion::common::{Result, ScalarValue};
use datafusion::logical_expr::function::{AccumulatorArgs, StateFieldsArgs};
use datafusion::logical_expr::utils::AggregateOrderSensitivity;
use datafusion::logical_expr::{Accumulator, AggregateUDFImpl, EmitTo, GroupsAccumulator, Signature, Volatility};

/// What one group holds. Adding and merging must not depend on order.
pub(super) trait Fold: Default + Send + Sync + 'static {
    /// Name in SQL.
    const NAME: &'static str;
    /// Argument columns made ready for row after row.
    type Input<'a>;
    /// State columns made ready.
    type Kept<'a>;

    /// Types of the arguments.
    fn arguments() -> Vec<DataType>;
    /// Columns of the state, in their order.
    fn state() -> Vec<Field>;
    /// Type of the result.
    fn result() -> DataType;
    /// Reads arguments.
    fn input(columns: &[ArrayRef]) -> Result<Self::Input<'_>>;
    /// Reads state.
    fn kept(columns: &[ArrayRef]) -> Result<Self::Kept<'_>>;
    /// Takes a row.
    fn add(&mut self, input: &Self::Input<'_>, row: usize);
    /// Takes some rows that follow each other.
    fn add_run(&mut self, input: &Self::Input<'_>, rows: Range<usize>) {
        rows.for_each(|row| self.add(input, row));
    }
    /// Takes what another group of the same key holds.
    fn merge(&mut self, kept: &Self::Kept<'_>, row: usize);
    /// Writes the state of groups.
    fn keep(groups: &[Self]) -> Result<Vec<ArrayRef>>;
    /// The results of groups.
    fn results(groups: &[Self]) -> Result<ArrayRef>;
    /// Bytes held beside the structure itself.
    fn heap(&self) -> usize {
        0
    }
}

/// The aggregate function of a fold.
pub(super) struct Aggregate<F> {
    signature: Signature,
    of: PhantomData<fn() -> F>,
}

impl<F: Fold> Default for Aggregate<F> {
    fn default() -> Self {
        Self { signature: Signature::exact(F::arguments(), Volatility::Immutable), of: PhantomData }
    }
}

impl<F: Fold> fmt::Debug for Aggregate<F> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(F::NAME)
    }
}

impl<F: Fold> PartialEq for Aggregate<F> {
    fn eq(&self, _: &Self) -> bool {
        true
    }
}

impl<F: Fold> Eq for Aggregate<F> {}

impl<F: Fold> Hash for Aggregate<F> {
    fn hash<H: Hasher>(&self, state: &mut H) {
        type_name::<F>().hash(state);
    }
}

impl<F: Fold> AggregateUDFImpl for Aggregate<F> {
    fn name(&self) -> &str {
        F::NAME
    }

    fn signature(&self) -> &Signature {
        &self.signature
    }

    fn return_type(&self, _: &[DataType]) -> Result<DataType> {
        Ok(F::result())
    }

    fn state_fields(&self, args: StateFieldsArgs) -> Result<Vec<FieldRef>> {
        let named = |f: Field| {
            let name = format!("{}[{}]", args.name, f.name());
            FieldRef::new(f.with_name(name))
        };
        Ok(F::state().into_iter().map(named).collect())
    }

    fn accumulator(&self, _: AccumulatorArgs) -> Result<Box<dyn Accumulator>> {
        Ok(Box::new(One::<F>(vec![F::default()])))
    }

    fn groups_accumulator_supported(&self, _: AccumulatorArgs) -> bool {
        true
    }

    fn create_groups_accumulator(&self, _: AccumulatorArgs) -> Result<Box<dyn GroupsAccumulator>> {
        Ok(Box::new(Groups::<F>(Vec::new())))
    }

    fn order_sensitivity(&self) -> AggregateOrderSensitivity {
        AggregateOrderSensitivity::Insensitive
    }
}

/// The only group.
struct One<F>(Vec<F>);

impl<F: Fold> fmt::Debug for One<F> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(F::NAME)
    }
}

impl<F: Fold> Accumulator for One<F> {
    fn update_batch(&mut self, values: &[ArrayRef]) -> Result<()> {
        let input = F::input(values)?;
        self.0[0].add_run(&input, 0..values[0].len());
        Ok(())
    }

    fn evaluate(&mut self) -> Result<ScalarValue> {
        ScalarValue::try_from_array(&F::results(&self.0)?, 0)
    }

    fn size(&self) -> usize {
        size_of::<Self>() + size_of::<F>() + self.0[0].heap()
    }

    fn state(&mut self) -> Result<Vec<ScalarValue>> {
        F::keep(&self.0)?.iter().map(|column| ScalarValue::try_from_array(column, 0)).collect()
    }

    fn merge_batch(&mut self, states: &[ArrayRef]) -> Result<()> {
        let kept = F::kept(states)?;
        (0..states[0].len()).for_each(|row| self.0[0].merge(&kept, row));
        Ok(())
    }
}

/// Many groups side by side.
struct Groups<F>(Vec<F>);

impl<F: Fold> Groups<F> {
    fn reach(&mut self, total: usize) {
        if self.0.len() < total {
            self.0.resize_with(total, F::default);
        }
    }
}

fn asked(filter: Option<&BooleanArray>, row: usize) -> bool {
    filter.is_none_or(|f| f.is_valid(row) && f.value(row))
}

/// Rows of one group that follow each other: rows lie by series and time, so that these are long.
fn runs(groups: &[usize]) -> impl Iterator<Item = (usize, Range<usize>)> {
    let mut next = 0;
    groups.chunk_by(|a, b| a == b).map(move |run| {
        let begin = next;
        next += run.len();
        (run[0], begin..next)
    })
}

impl<F: Fold> GroupsAccumulator for Groups<F> {
    fn update_batch(
        &mut self,
        values: &[ArrayRef],
        groups: &[usize],
        filter: Option<&BooleanArray>,
        total: usize,
    ) -> Result<()> {
        self.reach(total);
        let input = F::input(values)?;
        let some = filter.filter(|f| f.null_count() > 0 || f.has_false());
        for (group, rows) in runs(groups) {
            match some {
                None => self.0[group].add_run(&input, rows),
                Some(_) => {
                    for row in rows.filter(|row| asked(some, *row)) {
                        self.0[group].add(&input, row);
                    }
                }
            }
        }
        Ok(())
    }

    fn evaluate(&mut self, emit: EmitTo) -> Result<ArrayRef> {
        F::results(&emit.take_needed(&mut self.0))
    }

    fn state(&mut self, emit: EmitTo) -> Result<Vec<ArrayRef>> {
        F::keep(&emit.take_needed(&mut self.0))
    }

    fn merge_batch(&mut self, states: &[ArrayRef], groups: &[usize], total: usize) -> Result<()> {
        self.reach(total);
        let kept = F::kept(states)?;
        for (row, group) in groups.iter().enumerate() {
            self.0[*group].merge(&kept, row);
        }
        Ok(())
    }

    fn convert_to_state(&self, values: &[ArrayRef], filter: Option<&BooleanArray>) -> Result<Vec<ArrayRef>> {
        let input = F::input(values)?;
        let mut groups: Vec<F> = Vec::new();
        groups.resize_with(values[0].len(), F::default);
        for (row, group) in groups.iter_mut().enumerate() {
            if asked(filter, row) {
                group.add(&input, row);
            }
        }
        F::keep(&groups)
    }

    fn size(&self) -> usize {
        self.0.capacity() * size_of::<F>() + self.0.iter().map(F::heap).sum::<usize>()
    }
}
