//! Judgement (研判): values against standards, each result with its explanation.
//!
//! * [`water`]: surface water: classes of the moment and of periods, rivers, lakes, sources, cities (GB 3838 and the rules beside it).
//! * [`span`]: weeks, months, quarters, years that are evaluated.
//! * [`trend`]: whether a series of periods rises or falls.
//! * [`air`]: AQI of hours and days (HJ 633).
//! * [`limit`]: one value against one limit.
//! * [`alarm`]: when an exceedance, a spike or missing data becomes an alarm, and when it ends.
//! * [`year`]: days and years of an air station (HJ 663).
//! * [`discharge`]: what outlets discharge: limits, hours, days, loads, transmission.
//! * [`review`]: automatic checks of data review (数据审核); [`clue`]: clues of falsification (数据真实性线索). Both look at the
//!   [`series`] of a station, measure by [`robust`] statistics and say why by [`evidence`].
//! * [`trace`]: where it came from and where it goes (溯源), in rivers and with the wind.
//! * [`forecast`]: what comes next (预测预报), and whether that is better than the last value.
//! * [`table`]: the CSV evaluators of the command line.

pub mod air;
pub mod alarm;
pub mod clue;
pub mod discharge;
pub mod evidence;
pub mod forecast;
pub mod limit;
pub mod review;
pub mod robust;
pub mod series;
pub mod span;
pub mod table;
pub mod trace;
pub mod trend;
pub mod water;
pub mod year;
