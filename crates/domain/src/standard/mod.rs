//! Standards as data (标准).
