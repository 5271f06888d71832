//! Scopes as arguments of a statement: whatever keeps rows asks for a [`Caller`], and a statement that gives or changes rows holds
//! each against the caller's scope.
//!
//! A scope becomes three texts: counties, organisations and people, as lists with commas around each code. `*` among the
//! counties is every row. Whether a code is in a list is asked with `replace`, which both engines have, and which neither knows
//! wildcards nor takes `B` for `b`.

use shanshui_domain::id::{Mn, OrganisationCode, PointId, StationCode};
use shanshui_domain::right::{Caller, Right, Scope};

use crate::sql::Value;
use crate::{Store, StoreError};

/// Every row.
const EVERYWHERE: &str = "*";

/// A scope, ready to be bound.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Within {
    /// `*`, or the counties.
    pub(crate) counties: String,
    /// Organisations.
    pub(crate) units: String,
    /// People.
    pub(crate) people: String,
}

impl Within {
    /// What a caller may do this to.
    pub(crate) fn of(caller: &Caller, right: Right) -> Self {
        let scope = caller.scope(right);
        let people = list(scope.people().map(|p| p.to_string()));
        Self { counties: counties(&scope), units: list(scope.units().map(OrganisationCode::as_str)), people }
    }

    pub(crate) fn args(self) -> [Value; 3] {
        [Value::from(self.counties), Value::from(self.units), Value::from(self.people)]
    }
}

fn counties(scope: &Scope) -> String {
    if scope.everywhere() { EVERYWHERE.to_owned() } else { list(scope.counties()) }
}

/// `,a,b,`; a code never has a comma in it, the domain sees to that.
fn list(codes: impl Iterator<Item = impl AsRef<str>>) -> String {
    codes.fold(String::from(","), |text, code| text + code.as_ref() + ",")
}

/// What is done to all rows or to none: nothing is found by somebody whose scope is not everything.
pub(crate) fn everything(caller: &Caller, right: Right) -> Result<(), StoreError> {
    if caller.scope(right).everywhere() { Ok(()) } else { Err(StoreError::NotFound) }
}

/// Whether a row of a station is within a scope; `$first` and the next are counties and organisations.
macro_rules! at_station {
    ($station:literal, $counties:literal, $units:literal) => {
        concat!(
            "(",
            $counties,
            " = '*' OR EXISTS (SELECT 1 FROM placed w WHERE w.station = ",
            $station,
            " AND (replace(",
            $counties,
            ", ',' || w.area || ',', '') <> ",
            $counties,
            " OR replace(",
            $units,
            ", ',' || w.unit || ',', '') <> ",
            $units,
            " OR replace(",
            $units,
            ", ',' || COALESCE(w.enterprise, ',') || ',', '') <> ",
            $units,
            ")))"
        )
    };
}

/// Whether a case `c` is within a scope: by where it lies, by the organisations and by the people that have to do with it.
macro_rules! of_case {
    ($counties:literal, $units:literal, $people:literal) => {
        concat!(
            "(",
            $counties,
            " = '*' OR replace(",
            $counties,
            ", ',' || COALESCE((SELECT w.area FROM placed w WHERE w.station = \
            c.station), c.area) || ',', '') <> ",
            $counties,
            " OR EXISTS (SELECT 1 FROM case_unit u WHERE u.case_id = c.id AND \
            replace(",
            $units,
            ", ',' || u.organisation || ',', '') <> ",
            $units,
            ") OR EXISTS (SELECT 1 FROM case_person p WHERE \
            p.case_id = c.id AND replace(",
            $people,
            ", ',' || p.person || ',', '') <> ",
            $people,
            "))"
        )
    };
}

pub(crate) use {at_station, of_case};

const STATION: &str = concat!("SELECT $1 WHERE ", at_station!("$1", "$2", "$3"));
const POINT: &str = concat!("SELECT o.id FROM point o WHERE o.id=$1 AND ", at_station!("o.station", "$2", "$3"));
const DEVICE: &str = concat!("SELECT d.mn FROM device d WHERE d.mn=$1 AND ", at_station!("d.station", "$2", "$3"));

impl Store {
    /// A station within a scope.
    ///
    /// # Errors
    /// [`StoreError::NotFound`] when it is not.
    pub(crate) async fn station_seen(
        &self,
        caller: &Caller,
        right: Right,
        code: &StationCode,
    ) -> Result<(), StoreError> {
        self.seen(STATION, caller, right, Value::from(code)).await
    }

    /// The station of a point within a scope.
    pub(crate) async fn point_seen(&self, caller: &Caller, right: Right, point: PointId) -> Result<(), StoreError> {
        self.seen(POINT, caller, right, Value::from(point)).await
    }

    /// The station of a device within a scope.
    pub(crate) async fn device_seen(&self, caller: &Caller, right: Right, mn: &Mn) -> Result<(), StoreError> {
        self.seen(DEVICE, caller, right, Value::from(mn)).await
    }

    async fn seen(&self, sql: &'static str, caller: &Caller, right: Right, key: Value) -> Result<(), StoreError> {
        let within = Within::of(caller, right);
        if within.counties == EVERYWHERE {
            return Ok(());
        }
        let [counties, units, _] = within.args();
        self.read_one(sql, vec![key, counties, units]).await?.ok_or(StoreError::NotFound).map(|_| ())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_list_has_a_comma_on_both_sides_of_each_code() {
        assert_eq!(list(["kc", "qj"].into_iter()), ",kc,qj,");
        assert_eq!(list([""; 0].into_iter()), ",", "nothing is in it, not even a code without letters");
    }
}
