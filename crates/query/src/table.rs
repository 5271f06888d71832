//! Parquet files, exactly those named, as a table.

use std::sync::Arc;

use arrow::datatypes::{DataType, Field, FieldRef, Schema, SchemaRef};
use async_trait::async_trait;
use datafusion::catalog::{Session, TableProvider};
use datafusion::common::stats::Precision;
use datafusion::common::{Result, ScalarValue, Statistics};
use datafusion::config::TableParquetOptions;
use datafusion::datasource::TableType;
use datafusion::datasource::listing::PartitionedFile;
use datafusion::datasource::object_store::ObjectStoreUrl;
use datafusion::datasource::physical_plan::ParquetSource;
use datafusion::datasource::physical_plan::{FileGroup, FileScanConfigBuilder};
use datafusion::datasource::source::DataSourceExec;
use datafusion::datasource::table_schema::TableSchema;
use datafusion::logical_expr::{Expr, TableProviderFilterPushDown};
use datafusion::physical_plan::ExecutionPlan;
use object_store::path::Path;

/// Bytes of which it is not worth while to look at a file's end once more.
const LEAST: u64 = 256 << 10;

/// Bytes of a file.
fn part(file: &TableFile, start: u64, end: u64) -> PartitionedFile {
    let mut part = PartitionedFile::new(String::new(), file.size);
    part.object_meta.location = file.path.clone();
    part.partition_values = file.constant.map(|c| ScalarValue::Int8(Some(c))).into_iter().collect();
    let whole = (start, end) == (0, file.size);
    if whole { part } else { part.with_range(start.cast_signed(), end.cast_signed()) }
}

/// One file of a table.
#[derive(Debug, Clone)]
pub(crate) struct TableFile {
    /// From the root of the store.
    pub(crate) path: Path,
    pub(crate) size: u64,
    pub(crate) rows: u64,
    /// Value of the table's constant column, for a table that has one.
    pub(crate) constant: Option<i8>,
}

/// A table of exactly these files. Its plan names store, paths and sizes, so that any node can run it.
#[derive(Debug)]
pub(crate) struct FileTable {
    store: ObjectStoreUrl,
    files: Vec<TableFile>,
    schema: TableSchema,
}

impl FileTable {
    /// `constant` names a column that is the same for all rows of a file and is not in it.
    pub(crate) fn new(store: ObjectStoreUrl, schema: SchemaRef, constant: Option<&str>, files: Vec<TableFile>) -> Self {
        let columns: Vec<FieldRef> =
            constant.map(|name| FieldRef::new(Field::new(name, DataType::Int8, false))).into_iter().collect();
        Self { store, files, schema: TableSchema::builder(schema).with_table_partition_cols(columns).build() }
    }

    /// Files end to end, cut into about as many groups as run at one time, so that all weigh the same. Of a file that is cut, rows go
    /// with the part in which their row group begins.
    fn groups(&self, wanted: usize) -> Vec<FileGroup> {
        let mut files: Vec<&TableFile> = self.files.iter().collect();
        files.sort_by(|a, b| a.path.cmp(&b.path));
        let total: u64 = files.iter().map(|f| f.size).sum();
        let share = total.div_ceil(wanted.max(1) as u64).max(LEAST);
        let (mut groups, mut open, mut room) = (Vec::new(), Vec::new(), share);
        for file in files {
            let mut start = 0;
            while start < file.size {
                let rest = file.size - start;
                let last = groups.len() + 1 >= wanted;
                let end = if last || rest < room + LEAST { file.size } else { start + room };
                open.push(part(file, start, end));
                room = room.saturating_sub(end - start);
                start = end;
                if room < LEAST && !last {
                    groups.push(FileGroup::new(std::mem::take(&mut open)));
                    room = share;
                }
            }
        }
        if !open.is_empty() || groups.is_empty() {
            groups.push(FileGroup::new(open));
        }
        groups
    }

    fn rows(&self) -> usize {
        self.files.iter().map(|f| f.rows as usize).sum()
    }
}

#[async_trait]
impl TableProvider for FileTable {
    fn schema(&self) -> SchemaRef {
        Arc::clone(self.schema.table_schema())
    }

    fn table_type(&self) -> TableType {
        TableType::Base
    }

    fn supports_filters_pushdown(&self, filters: &[&Expr]) -> Result<Vec<TableProviderFilterPushDown>> {
        // the scan skips what statistics exclude; the filter above decides
        Ok(vec![TableProviderFilterPushDown::Inexact; filters.len()])
    }

    async fn scan(
        &self,
        state: &dyn Session,
        projection: Option<&Vec<usize>>,
        _: &[Expr],
        limit: Option<usize>,
    ) -> Result<Arc<dyn ExecutionPlan>> {
        let options = &state.config_options().execution;
        let parquet = TableParquetOptions { global: options.parquet.clone(), ..TableParquetOptions::default() };
        let source = ParquetSource::new(self.schema.clone()).with_table_parquet_options(parquet);
        let mut statistics = Statistics::new_unknown(self.schema.table_schema());
        statistics.num_rows = Precision::Exact(self.rows());
        statistics.total_byte_size = Precision::Inexact(self.files.iter().map(|f| f.size as usize * 8).sum());
        let config = FileScanConfigBuilder::new(self.store.clone(), Arc::new(source))
            .with_file_groups(self.groups(options.target_partitions))
            .with_statistics(statistics)
            .with_projection_indices(projection.cloned())?
            .with_limit(limit)
            .build();
        Ok(DataSourceExec::from_data_source(config))
    }
}

/// Fields that a schema must have, by name and type; what else it has does not matter.
pub(crate) fn lacks(schema: &Schema, needed: &Schema) -> Option<String> {
    let missing = needed
        .fields()
        .iter()
        .find(|f| schema.field_with_name(f.name()).ok().map(Field::data_type) != Some(f.data_type()));
    missing.map(|f| format!("column {} {:?}", f.name(), f.data_type()))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Paths and bytes of each group.
    fn cut(sizes: &[u64], wanted: usize) -> Vec<Vec<(String, u64, u64)>> {
        let file = |(i, size): (usize, &u64)| TableFile {
            path: Path::from(format!("{i}")),
            size: *size,
            rows: 1,
            constant: None,
        };
        let files = sizes.iter().enumerate().map(file).collect();
        let store = ObjectStoreUrl::parse("file:///").expect("an address");
        let table = FileTable::new(store, Arc::new(Schema::empty()), None, files);
        let part = |f: &PartitionedFile| {
            let (start, end) = f.range.as_ref().map_or((0, f.object_meta.size), |r| (r.start as u64, r.end as u64));
            (f.object_meta.location.to_string(), start, end)
        };
        table.groups(wanted).iter().map(|g| g.files().iter().map(part).collect()).collect()
    }

    #[test]
    fn groups_weigh_the_same_and_hold_every_byte_once() {
        let mb = 1 << 20;
        let part = |file: &str, start: u64, end: u64| (file.to_owned(), start * mb, end * mb);
        assert_eq!(
            cut(&[4 * mb, 4 * mb, mb, mb], 2),
            [vec![part("0", 0, 4), part("1", 0, 1)], vec![part("1", 1, 4), part("2", 0, 1), part("3", 0, 1)]]
        );
        assert_eq!(cut(&[9 * mb], 3), [[part("0", 0, 3)], [part("0", 3, 6)], [part("0", 6, 9)]].map(Vec::from));
        for (sizes, wanted) in
            [(vec![], 4), (vec![1, 1, 1], 4), (vec![mb, 1, 7 * mb, 300 << 10], 1), (vec![3 * mb; 5], 64)]
        {
            let groups = cut(&sizes, wanted);
            assert!((1..=wanted).contains(&groups.len()), "{groups:?}");
            for (i, size) in sizes.iter().enumerate() {
                let mut parts: Vec<_> = groups.iter().flatten().filter(|p| p.0 == i.to_string()).collect();
                parts.sort();
                let ends: Vec<u64> = std::iter::once(0).chain(parts.iter().map(|p| p.2)).collect();
                assert_eq!(parts.iter().map(|p| p.1).collect::<Vec<_>>(), ends[..ends.len() - 1], "{sizes:?} {wanted}");
                assert_eq!(ends.last(), Some(size), "{sizes:?} {wanted}");
            }
        }
    }
}
