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

    /// Files dealt to about as many groups as run at one time, large ones first, so that groups weigh the same.
    fn groups(&self, wanted: usize) -> Vec<FileGroup> {
        let mut files: Vec<&TableFile> = self.files.iter().collect();
        files.sort_by(|a, b| b.size.cmp(&a.size).then_with(|| a.path.cmp(&b.path)));
        let mut groups: Vec<(u64, Vec<PartitionedFile>)> = vec![(0, Vec::new()); wanted.clamp(1, files.len().max(1))];
        for file in files {
            let lightest = groups.iter_mut().min_by_key(|(size, _)| *size).expect("at least one group");
            lightest.0 += file.size;
            let mut one = PartitionedFile::new(String::new(), file.size);
            one.object_meta.location = file.path.clone();
            one.partition_values = file.constant.map(|c| ScalarValue::Int8(Some(c))).into_iter().collect();
            lightest.1.push(one);
        }
        groups.into_iter().map(|(_, files)| FileGroup::new(files)).collect()
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
