//! shanshui hj212
