//! Places: the city pack (城市包).
