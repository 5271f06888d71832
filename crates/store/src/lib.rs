//! shanshui store
