//! Acting (处置): alarms and cases.
