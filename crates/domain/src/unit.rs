//! Units (计量单位) of measured values. The unit comes from the point's own record, never from the factor code.

use std::fmt;

use rust_decimal::Decimal;
use serde::{Deserialize, Serialize};

macro_rules! units {
    ($($(#[$doc:meta])* $name:ident = $text:literal, $dimension:ident, $exp:literal;)*) => {
        /// A unit.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
        pub enum Unit { $($(#[$doc])* #[serde(rename = $text)] $name,)* }

        impl Unit {
            /// Every unit.
            pub const ALL: &[Self] = &[$(Self::$name,)*];

            /// As written in tables.
            pub fn as_str(self) -> &'static str {
                match self { $(Self::$name => $text,)* }
            }

            fn dimension(self) -> Dimension {
                match self { $(Self::$name => Dimension::$dimension,)* }
            }

            /// Power of ten to the first unit of the dimension.
            fn exponent(self) -> i32 {
                match self { $(Self::$name => $exp,)* }
            }
        }
    };
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Dimension {
    MassPerWater,
    MassPerGas,
    Temperature,
    Acidity,
    Turbidity,
    Conductivity,
    Flow,
    PerLitre,
    Share,
    Speed,
    Pressure,
    Angle,
    Level,
    Length,
    Dilution,
}

units! {
    /// Milligrams per litre.
    MgPerL = "mg/L", MassPerWater, 0;
    /// Micrograms per litre.
    UgPerL = "ug/L", MassPerWater, -3;
    /// Milligrams per cubic metre.
    MgPerM3 = "mg/m3", MassPerGas, 0;
    /// Micrograms per cubic metre.
    UgPerM3 = "ug/m3", MassPerGas, -3;
    /// Degrees Celsius.
    Celsius = "°C", Temperature, 0;
    /// pH.
    Ph = "pH", Acidity, 0;
    /// Nephelometric turbidity units.
    Ntu = "NTU", Turbidity, 0;
    /// Microsiemens per centimetre.
    UsPerCm = "uS/cm", Conductivity, 0;
    /// Litres per second.
    LPerS = "L/s", Flow, -3;
    /// Cubic metres per second.
    M3PerS = "m3/s", Flow, 0;
    /// Number per litre.
    PerL = "/L", PerLitre, 0;
    /// Per cent.
    Percent = "%", Share, 0;
    /// Metres per second.
    MPerS = "m/s", Speed, 0;
    /// Kilopascals.
    KPa = "kPa", Pressure, 0;
    /// Degrees of arc.
    Degree = "°", Angle, 0;
    /// Decibels.
    Decibel = "dB", Level, 0;
    /// Metres.
    Metre = "m", Length, 0;
    /// Centimetres.
    Centimetre = "cm", Length, -2;
    /// Times of dilution (稀释倍数), of colour.
    Times = "times", Dilution, 0;
}

impl Unit {
    /// Reads [`Unit::as_str`].
    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.iter().copied().find(|u| u.as_str() == text)
    }
}

impl Unit {
    /// The power of ten by which a value in this unit is multiplied to be one in `to`.
    ///
    /// # Errors
    /// When the two do not measure the same.
    pub fn tens_to(self, to: Self) -> Result<i32, UnitMismatch> {
        if self.dimension() != to.dimension() {
            return Err(UnitMismatch { from: self, to });
        }
        Ok(self.exponent() - to.exponent())
    }
}

impl fmt::Display for Unit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// Two units that do not measure the same.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("{from} cannot be given in {to}")]
pub struct UnitMismatch {
    /// Unit of the value.
    pub from: Unit,
    /// Unit asked for.
    pub to: Unit,
}

/// A value with its unit.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Quantity {
    /// Number.
    pub value: Decimal,
    /// Unit.
    pub unit: Unit,
}

impl Quantity {
    /// The number in another unit of the same dimension, exact.
    ///
    /// # Errors
    /// When the units do not measure the same.
    pub fn in_unit(self, to: Unit) -> Result<Decimal, UnitMismatch> {
        let shift = self.unit.tens_to(to)?;
        let factor = Decimal::from(10i64.pow(shift.unsigned_abs()));
        Ok(if shift < 0 { self.value / factor } else { self.value * factor })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(value: &str, from: Unit, to: Unit, expected: &str) {
        let quantity = Quantity { value: value.parse().expect("a decimal"), unit: from };
        let got = quantity.in_unit(to).map_or_else(|e| e.to_string(), |v| v.normalize().to_string());
        assert_eq!(got, expected);
    }

    #[test]
    fn units_of_one_dimension_convert_exactly() {
        check("150", Unit::UgPerL, Unit::MgPerL, "0.15");
        check("0.15", Unit::MgPerM3, Unit::UgPerM3, "150");
        check("7", Unit::Ph, Unit::Ph, "7");
        check("7", Unit::Ph, Unit::MgPerL, "pH cannot be given in mg/L");
    }

    #[test]
    fn every_unit_reads_what_it_writes() {
        for unit in Unit::ALL {
            assert_eq!(Unit::parse(unit.as_str()), Some(*unit));
        }
    }
}
