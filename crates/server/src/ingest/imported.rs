//! What an import keeps instead of a telegram: its values as text, so that every reading can be held against what brought it, as those
//! of devices can.

use serde::{Deserialize, Serialize};
use shanshui_domain::id::PointId;
use shanshui_domain::sense::{Reading, ReadingKey};
use shanshui_domain::time::{Instant, PeriodKind};
use shanshui_store::{Arrival, TelegramIn, TelegramRow};

/// The peer of what an import keeps begins so; its id follows.
const PEER: &str = "import:";

#[derive(Debug, Serialize, Deserialize)]
struct Text {
    import: String,
    values: Vec<Value>,
}

/// One value: line of the table, point, kind, begin, text, mark.
#[derive(Debug, Serialize, Deserialize)]
struct Value(u64, PointId, PeriodKind, Instant, String, String);

/// Values of an import with their lines, as they are kept.
pub fn arrival(import: &str, values: &[(u64, ReadingKey, String, String)], now: Instant) -> Arrival {
    let value = |(line, key, text, mark): &(u64, ReadingKey, String, String)| {
        Value(*line, key.point, key.kind, key.at, text.clone(), mark.clone())
    };
    let text = Text { import: import.to_owned(), values: values.iter().map(value).collect() };
    let readings = text.values.iter().map(|v| reading(v, now)).collect();
    let telegram = TelegramIn {
        arrived: now,
        peer: format!("{PEER}{import}"),
        mn: None,
        cn: None,
        qn: None,
        raw: serde_json::to_vec(&text).unwrap_or_default(),
        problems: "[]".into(),
        quarantine: None,
    };
    Arrival { telegram, readings }
}

fn reading(Value(_, point, kind, at, text, mark): &Value, arrived: Instant) -> Reading {
    let key = ReadingKey { point: *point, kind: *kind, at: *at };
    let (value, extra, mark) = (Some(text.clone()), String::new(), mark.clone());
    Reading { key, value, extra, mark, arrived, late: true, telegram: None }
}

/// Whether it is of an import.
pub fn is_imported(telegram: &TelegramIn) -> bool {
    telegram.peer.starts_with(PEER)
}

/// Its values, read again; what is wrong with it when it cannot be.
pub fn again(row: &TelegramRow) -> Result<Vec<Reading>, String> {
    let text: Text = serde_json::from_slice(&row.telegram.raw).map_err(|e| e.to_string())?;
    if row.telegram.peer != format!("{PEER}{}", text.import) {
        return Err("it is of another import".into());
    }
    Ok(text.values.iter().map(|v| Reading { telegram: Some(row.id), ..reading(v, row.telegram.arrived) }).collect())
}

#[cfg(test)]
mod tests {
    use super::*;
    use shanshui_domain::id::TelegramId;

    #[test]
    fn what_an_import_keeps_is_read_again_and_damage_is_seen() {
        let key = ReadingKey { point: PointId(7), kind: PeriodKind::Sample, at: Instant(5) };
        let kept = arrival("i1", &[(2, key, "<0.01".into(), "N".into())], Instant(9));
        assert!(is_imported(&kept.telegram));
        let mut row = TelegramRow { id: TelegramId(3), telegram: kept.telegram };
        let readings = again(&row).expect("whole");
        assert_eq!(readings, [Reading { telegram: Some(TelegramId(3)), ..kept.readings[0].clone() }]);
        assert_eq!((readings[0].number(), readings[0].late), (None, true));
        row.telegram.peer = "import:i2".into();
        assert!(again(&row).is_err());
        row.telegram.raw.truncate(9);
        assert!(again(&row).is_err());
    }
}
