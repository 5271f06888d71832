//! shanshui server
