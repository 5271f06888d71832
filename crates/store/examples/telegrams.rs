//! Writes telegrams until it is killed and prints the number of each once it is acknowledged; what `cargo xtask prove power
//! --store` cuts the power of.
//!
//! `telegrams write FILE full|off FIRST` or `telegrams check FILE`, which exits 1 when anything is wrong.

use std::io::Write;
use std::path::Path;
use std::process::ExitCode;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};

use shanshui_domain::id::{Mn, PointId};
use shanshui_domain::right::Caller;
use shanshui_domain::sense::{Reading, ReadingKey};
use shanshui_domain::time::{Instant, PeriodKind};
use shanshui_store::{Arrival, AuditEntry, Store, StoreOptions, Sync, TelegramIn};

const WRITERS: usize = 16;

#[tokio::main]
async fn main() -> ExitCode {
    let args: Vec<String> = std::env::args().skip(1).collect();
    let args: Vec<&str> = args.iter().map(String::as_str).collect();
    match args[..] {
        ["write", file, sync, first] => {
            let sync = if sync == "off" { Sync::Off } else { Sync::Full };
            write(Path::new(file), sync, first.parse().expect("FIRST is a number")).await;
            ExitCode::SUCCESS
        }
        ["check", file] => check(Path::new(file)).await,
        _ => ExitCode::from(2),
    }
}

async fn write(file: &Path, sync: Sync, first: i64) {
    let store = Store::open(file, StoreOptions { sync, ..StoreOptions::default() }).await.expect("opens");
    let next = Arc::new(AtomicI64::new(first));
    let writers: Vec<_> = (0..WRITERS)
        .map(|_| {
            let (store, next) = (store.clone(), Arc::clone(&next));
            tokio::spawn(async move {
                loop {
                    let n = next.fetch_add(1, Ordering::Relaxed);
                    match one(&store, n).await {
                        // nobody listens any more
                        Ok(()) if writeln!(std::io::stdout().lock(), "{n}").is_err() => return,
                        Ok(()) => {}
                        Err(error) => eprintln!("{n} refused: {error}"),
                    }
                }
            })
        })
        .collect();
    for writer in writers {
        writer.await.expect("no panic");
    }
}

async fn one(store: &Store, n: i64) -> Result<(), shanshui_store::StoreError> {
    let telegram = TelegramIn {
        arrived: Instant(n),
        peer: "192.0.2.1:1".into(),
        mn: Some(Mn::from("P")),
        cn: None,
        qn: None,
        raw: format!("{n:0>500}").into_bytes(),
        problems: "[]".into(),
        quarantine: None,
    };
    let reading = Reading {
        key: ReadingKey { point: PointId(n % 50), kind: PeriodKind::Real, at: Instant(n) },
        value: Some(n.to_string()),
        extra: String::new(),
        mark: "N".into(),
        arrived: Instant(n),
        late: false,
        telegram: None,
    };
    store.arrive(vec![Arrival { telegram, readings: vec![reading] }]).await?;
    if n % 16 == 0 {
        let entry = AuditEntry::of(&Caller::machine(), Instant(n), "write", &n.to_string(), serde_json::Value::Null);
        store.audit(entry).await?;
    }
    Ok(())
}

async fn check(file: &Path) -> ExitCode {
    let store = match Store::open(file, StoreOptions::default()).await {
        Ok(store) => store,
        Err(error) => {
            eprintln!("{error}");
            return ExitCode::FAILURE;
        }
    };
    let findings = store.check().await;
    store.close().await;
    let whole = findings.as_ref().is_ok_and(|findings| findings.iter().all(|f| f.ok));
    if !whole {
        eprintln!("{findings:?}");
    }
    if whole { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}
