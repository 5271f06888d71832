//! What crosses to an engine: integers, floats, text, blobs. One SQL text for every engine, arguments `$1`, `$2`, …
//!
//! Reads go through an sqlx `Any` pool, writes through a [`Tx`] inside the writer's group. Both give the same [`Row`]s.

use sqlx::any::{AnyArguments, AnyRow, AnyTypeInfoKind};
use sqlx::{AnyPool, Row as _, ValueRef as _};

use crate::StoreError;
use crate::dialect::postgres;

/// A value of a column or an argument.
#[derive(Debug, Clone, PartialEq)]
pub enum Value {
    /// NULL.
    Null,
    /// Integer.
    Int(i64),
    /// Float.
    Real(f64),
    /// Text.
    Text(String),
    /// Bytes.
    Blob(Vec<u8>),
}

macro_rules! into_value {
    ($($from:ty => |$v:ident| $make:expr;)*) => {$(
        impl From<$from> for Value {
            fn from($v: $from) -> Self {
                $make
            }
        }
    )*};
}

into_value! {
    i64 => |v| Self::Int(v);
    u64 => |v| Self::Int(v.cast_signed());
    bool => |v| Self::Int(i64::from(v));
    f64 => |v| Self::Real(v);
    &str => |v| Self::Text(clean(v.to_owned()));
    String => |v| Self::Text(clean(v));
    &String => |v| Self::Text(clean(v.clone()));
    Vec<u8> => |v| Self::Blob(v);
    shanshui_domain::time::Instant => |v| Self::Int(v.0);
    shanshui_domain::id::PointId => |v| Self::Int(v.0);
    shanshui_domain::id::TelegramId => |v| Self::Int(v.0);
    shanshui_domain::id::CaseId => |v| Self::Text(v.to_string());
    shanshui_domain::id::AlarmId => |v| Self::Text(v.to_string());
    shanshui_domain::id::EvidenceId => |v| Self::Text(v.to_string());
    shanshui_domain::id::PersonId => |v| Self::Text(v.to_string());
    shanshui_domain::id::CommandId => |v| Self::Text(v.to_string());
    shanshui_domain::id::SessionId => |v| Self::Text(v.to_string());
    shanshui_domain::id::TokenId => |v| Self::Text(v.to_string());
    shanshui_domain::id::PostId => |v| Self::Text(v.to_string());
    shanshui_domain::id::ReportId => |v| Self::Text(v.to_string());
    shanshui_domain::id::TemplateId => |v| Self::Text(v.to_string());
    &shanshui_domain::id::OrganisationCode => |v| Self::Text(clean(v.0.clone()));
    &shanshui_domain::id::StationCode => |v| Self::Text(clean(v.0.clone()));
    &shanshui_domain::id::Mn => |v| Self::Text(clean(v.0.clone()));
}

/// Text as every engine can keep it: PostgreSQL knows no NUL, so that it becomes the character for what cannot be shown.
pub(crate) fn clean(text: String) -> String {
    if text.contains('\0') { text.replace('\0', "\u{fffd}") } else { text }
}

impl<T: Into<Value>> From<Option<T>> for Value {
    fn from(v: Option<T>) -> Self {
        v.map_or(Self::Null, Into::into)
    }
}

/// Arguments of a statement.
#[macro_export]
#[doc(hidden)]
macro_rules! args {
    ($($v:expr),* $(,)?) => { vec![$($crate::sql::Value::from($v)),*] };
}

/// One row of an answer.
#[derive(Debug, Clone, PartialEq)]
pub struct Row(pub Vec<Value>);

impl Row {
    fn at(&self, i: usize) -> Result<&Value, StoreError> {
        self.0.get(i).ok_or_else(|| StoreError::Corrupt(format!("column {i} is missing")))
    }

    /// An integer.
    pub fn int(&self, i: usize) -> Result<i64, StoreError> {
        self.int_opt(i)?.ok_or_else(|| StoreError::Corrupt(format!("column {i} is null")))
    }

    /// An integer or nothing.
    pub fn int_opt(&self, i: usize) -> Result<Option<i64>, StoreError> {
        match self.at(i)? {
            Value::Null => Ok(None),
            Value::Int(n) => Ok(Some(*n)),
            other => Err(StoreError::Corrupt(format!("column {i} is {other:?}, not an integer"))),
        }
    }

    /// A float or nothing.
    pub fn real_opt(&self, i: usize) -> Result<Option<f64>, StoreError> {
        match self.at(i)? {
            Value::Null => Ok(None),
            Value::Real(n) => Ok(Some(*n)),
            Value::Int(n) => Ok(Some(*n as f64)),
            other => Err(StoreError::Corrupt(format!("column {i} is {other:?}, not a number"))),
        }
    }

    /// Text.
    pub fn text(&self, i: usize) -> Result<String, StoreError> {
        self.text_opt(i)?.ok_or_else(|| StoreError::Corrupt(format!("column {i} is null")))
    }

    /// Text or nothing.
    pub fn text_opt(&self, i: usize) -> Result<Option<String>, StoreError> {
        match self.at(i)? {
            Value::Null => Ok(None),
            Value::Text(t) => Ok(Some(t.clone())),
            other => Err(StoreError::Corrupt(format!("column {i} is {other:?}, not text"))),
        }
    }

    /// Bytes.
    pub fn blob(&self, i: usize) -> Result<Vec<u8>, StoreError> {
        match self.at(i)? {
            Value::Blob(b) => Ok(b.clone()),
            Value::Text(t) => Ok(t.clone().into_bytes()),
            other => Err(StoreError::Corrupt(format!("column {i} is {other:?}, not bytes"))),
        }
    }

    /// Text read as something.
    pub fn parsed<T: std::str::FromStr>(&self, i: usize) -> Result<T, StoreError> {
        let text = self.text(i)?;
        text.parse().map_err(|_| StoreError::Corrupt(format!("column {i}: {text:?}")))
    }

    /// Text read as something, or nothing.
    pub fn parsed_opt<T: std::str::FromStr>(&self, i: usize) -> Result<Option<T>, StoreError> {
        self.text_opt(i)?.map(|t| t.parse().map_err(|_| StoreError::Corrupt(format!("column {i}: {t:?}")))).transpose()
    }
}

/// A transaction of the writer.
pub trait Tx {
    /// Runs a statement; gives the number of rows changed.
    ///
    /// # Errors
    /// What the engine says.
    fn execute(&mut self, sql: &'static str, args: Vec<Value>) -> Result<usize, StoreError>;

    /// Asks; gives every row.
    ///
    /// # Errors
    /// What the engine says.
    fn query(&mut self, sql: &'static str, args: Vec<Value>) -> Result<Vec<Row>, StoreError>;

    /// Runs one statement without arguments that is made up at run time: a savepoint, a partition.
    ///
    /// # Errors
    /// What the engine says.
    fn define(&mut self, sql: &str) -> Result<(), StoreError>;

    /// Asks for one row or none.
    ///
    /// # Errors
    /// What the engine says.
    fn row(&mut self, sql: &'static str, args: Vec<Value>) -> Result<Option<Row>, StoreError> {
        Ok(self.query(sql, args)?.into_iter().next())
    }
}

/// Reads through the pool.
pub(crate) async fn read(pool: &AnyPool, sql: &'static str, args: Vec<Value>) -> Result<Vec<Row>, StoreError> {
    let mut query = sqlx::query_with(sql, AnyArguments::default());
    for arg in args {
        query = match arg {
            Value::Null => query.bind(Option::<String>::None),
            Value::Int(n) => query.bind(n),
            Value::Real(n) => query.bind(n),
            Value::Text(t) => query.bind(t),
            Value::Blob(b) => query.bind(b),
        };
    }
    let rows = query.fetch_all(pool).await.map_err(failed)?;
    rows.iter().map(row).collect()
}

/// What an error of the pool means: a line that is gone may be back soon.
pub(crate) fn failed(error: sqlx::Error) -> StoreError {
    let said = error.to_string();
    match error {
        sqlx::Error::Io(_) | sqlx::Error::Tls(_) | sqlx::Error::PoolTimedOut => StoreError::Unavailable(said),
        sqlx::Error::PoolClosed => StoreError::Busy,
        sqlx::Error::Database(error) => match error.try_downcast::<sqlx::postgres::PgDatabaseError>() {
            Ok(error) => postgres::by_state(error.code(), said),
            Err(_) => StoreError::Sql(said),
        },
        _ => StoreError::Sql(said),
    }
}

fn row(row: &AnyRow) -> Result<Row, StoreError> {
    let value = |i: usize| -> Result<Value, sqlx::Error> {
        let raw = row.try_get_raw(i)?;
        if raw.is_null() {
            return Ok(Value::Null);
        }
        Ok(match raw.type_info().kind() {
            AnyTypeInfoKind::Real | AnyTypeInfoKind::Double => Value::Real(row.try_get(i)?),
            AnyTypeInfoKind::Text => Value::Text(row.try_get(i)?),
            AnyTypeInfoKind::Blob => Value::Blob(row.try_get(i)?),
            AnyTypeInfoKind::Null => Value::Null,
            AnyTypeInfoKind::Bool => Value::Int(i64::from(row.try_get::<bool, _>(i)?)),
            _ => Value::Int(row.try_get(i)?),
        })
    };
    let values: Result<Vec<Value>, sqlx::Error> = (0..row.len()).map(value).collect();
    values.map(Row).map_err(|e| StoreError::Sql(e.to_string()))
}
