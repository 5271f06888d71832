//! Rows in the binary form of `COPY`: each a count of fields, each field its length and its bytes, a null the length -1.

use bytes::{BufMut, Bytes, BytesMut};
use futures::SinkExt;
use tokio_postgres::Client;

use super::sql;
use crate::StoreError;

/// Sent to the server at a time.
const PIECE_BYTES: usize = 256 << 10;

/// Rows being gathered.
pub(super) struct Rows {
    bytes: BytesMut,
    columns: i16,
    count: u64,
}

impl Rows {
    /// For rows of so many columns.
    pub(super) fn new(columns: i16) -> Self {
        let mut bytes = BytesMut::with_capacity(PIECE_BYTES);
        bytes.put_slice(b"PGCOPY\n\xff\r\n\0");
        bytes.put_i32(0);
        bytes.put_i32(0);
        Self { bytes, columns, count: 0 }
    }

    /// Begins a row; a call for each of its columns follows.
    pub(super) fn row(&mut self) -> &mut Self {
        self.bytes.put_i16(self.columns);
        self.count += 1;
        self
    }

    pub(super) fn null(&mut self) -> &mut Self {
        self.bytes.put_i32(-1);
        self
    }

    pub(super) fn int(&mut self, n: i64) -> &mut Self {
        self.bytes.put_i32(8);
        self.bytes.put_i64(n);
        self
    }

    pub(super) fn real(&mut self, n: Option<f64>) -> &mut Self {
        let Some(n) = n else { return self.null() };
        self.bytes.put_i32(8);
        self.bytes.put_f64(n);
        self
    }

    /// # Errors
    /// When they are more than a field can hold.
    pub(super) fn blob(&mut self, b: &[u8]) -> Result<&mut Self, StoreError> {
        let too_long = |_| StoreError::Sql(format!("a field of {} bytes", b.len()));
        self.bytes.put_i32(i32::try_from(b.len()).map_err(too_long)?);
        self.bytes.put_slice(b);
        Ok(self)
    }

    pub(super) fn text(&mut self, t: &str) -> Result<&mut Self, StoreError> {
        self.blob(t.as_bytes())
    }

    pub(super) fn text_opt(&mut self, t: Option<&str>) -> Result<&mut Self, StoreError> {
        match t {
            Some(t) => self.text(t),
            None => Ok(self.null()),
        }
    }

    /// Everything is gathered before the first byte goes out: a node that hangs in the middle would keep others waiting.
    pub(super) async fn send(mut self, client: &Client, statement: &str) -> Result<(), StoreError> {
        if self.count == 0 {
            return Ok(());
        }
        self.bytes.put_i16(-1);
        let mut bytes = self.bytes.freeze();
        let sink = client.copy_in::<_, Bytes>(statement).await.map_err(sql)?;
        futures::pin_mut!(sink);
        while !bytes.is_empty() {
            let piece = bytes.split_to(PIECE_BYTES.min(bytes.len()));
            sink.feed(piece).await.map_err(sql)?;
        }
        let kept = sink.finish().await.map_err(sql)?;
        if kept == self.count {
            Ok(())
        } else {
            Err(StoreError::Corrupt(format!("{kept} of {} rows kept", self.count)))
        }
    }
}
