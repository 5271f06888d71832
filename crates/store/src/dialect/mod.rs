//! What differs between engines: opening, the group-committing writer, bulk readings, backup.

pub mod sqlite;
