//! Surface water (地表水): classes by GB 3838-2002, and what the rules beside it make of them.
//!
//! * [`realtime`]: class of the moment from an automatic station, as the national release gives it.
//! * [`mean`]: values of a span, with detection limits; automatic beside manual ones.
//! * [`automatic`]: a section over a span from its automatic station.
//! * [`section`]: class of a section over a span, main pollutants, target.
//! * [`river`]: a river or basin from its sections; shares of classes.
//! * [`change`]: two spans beside each other.
//! * [`lake`]: trophic state.
//! * [`source`]: drinking water sources.
//! * [`city`]: index and ranking of cities.
//! * [`handover`]: sections at which a river is handed over.

pub mod automatic;
pub mod change;
pub mod city;
pub mod handover;
pub mod lake;
pub mod mean;
pub mod realtime;
pub mod river;
pub mod section;
pub mod source;

pub use realtime::{FACTORS, FactorClass, Sample, WaterClass, class_only, classify, roman};
