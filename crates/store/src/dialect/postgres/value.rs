//! Values as the server takes and gives them. It says itself of which type an argument is.

use std::error::Error;

use bytes::{BufMut, BytesMut};
use tokio_postgres::types::{FromSql, IsNull, ToSql, Type, to_sql_checked};

use crate::StoreError;
use crate::sql::{Row, Value};

type Fault = Box<dyn Error + Send + Sync>;

impl ToSql for Value {
    fn to_sql(&self, ty: &Type, out: &mut BytesMut) -> Result<IsNull, Fault> {
        match (self, ty) {
            (Self::Null, _) => return Ok(IsNull::Yes),
            (Self::Int(n), &Type::INT8) => out.put_i64(*n),
            (Self::Int(n), &Type::INT4) => out.put_i32(i32::try_from(*n)?),
            (Self::Int(n), &Type::INT2) => out.put_i16(i16::try_from(*n)?),
            (Self::Int(n), &Type::BOOL) => out.put_u8(u8::from(*n != 0)),
            (Self::Int(n), &Type::FLOAT8) => out.put_f64(*n as f64),
            (Self::Real(n), &Type::FLOAT8) => out.put_f64(*n),
            (Self::Text(t), &(Type::TEXT | Type::VARCHAR | Type::NAME | Type::UNKNOWN)) => {
                out.put_slice(t.as_bytes());
            }
            (Self::Blob(b), &Type::BYTEA) => out.put_slice(b),
            _ => return Err(format!("{self:?} is no {ty}").into()),
        }
        Ok(IsNull::No)
    }

    fn accepts(_: &Type) -> bool {
        true
    }

    to_sql_checked!();
}

impl<'a> FromSql<'a> for Value {
    fn from_sql(ty: &Type, raw: &'a [u8]) -> Result<Self, Fault> {
        Ok(match *ty {
            Type::INT8 => Self::Int(i64::from_sql(ty, raw)?),
            Type::INT4 => Self::Int(i32::from_sql(ty, raw)?.into()),
            Type::INT2 => Self::Int(i16::from_sql(ty, raw)?.into()),
            Type::BOOL => Self::Int(bool::from_sql(ty, raw)?.into()),
            Type::FLOAT8 => Self::Real(f64::from_sql(ty, raw)?),
            Type::FLOAT4 => Self::Real(f32::from_sql(ty, raw)?.into()),
            Type::BYTEA => Self::Blob(raw.to_vec()),
            Type::VOID => Self::Null,
            _ => Self::Text(String::from_sql(ty, raw)?),
        })
    }

    fn from_sql_null(_: &Type) -> Result<Self, Fault> {
        Ok(Self::Null)
    }

    fn accepts(ty: &Type) -> bool {
        matches!(
            *ty,
            Type::INT8 | Type::INT4 | Type::INT2 | Type::BOOL | Type::FLOAT8 | Type::FLOAT4 | Type::BYTEA | Type::VOID
        ) || <String as FromSql>::accepts(ty)
    }
}

pub(super) fn row(row: &tokio_postgres::Row) -> Result<Row, StoreError> {
    let value = |i: usize| row.try_get::<_, Value>(i).map_err(super::sql);
    (0..row.len()).map(value).collect::<Result<_, _>>().map(Row)
}
