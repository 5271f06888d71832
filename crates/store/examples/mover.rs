//! `mover KILLS [SEED]`: stops the mover and the merge that often, in this process and in others that are killed, and compares what
//! is read with a model. One JSON line. Used by `cargo xtask prove mover`.

#[path = "../tests/moving/mod.rs"]
mod moving;

use std::process::ExitCode;
use std::time::Duration;

use moving::{Drive, Faults};
use shanshui_domain::time::Instant;

/// Nothing takes so long; who waits longer waits for ever.
const PATIENCE: Duration = Duration::from_mins(3);

#[tokio::main]
async fn main() -> ExitCode {
    let args: Vec<String> = std::env::args().skip(1).collect();
    let number = |i: usize, or: i64| args.get(i).and_then(|a| a.parse().ok()).unwrap_or(or);
    if args.first().is_some_and(|a| a == "--child") {
        let step = args.get(3).filter(|step| !step.is_empty()).cloned();
        moving::child(args[1].as_ref(), Instant(number(2, 0)), step, number(4, 1)).await;
        return ExitCode::SUCCESS;
    }
    let (kills, seed) = (number(0, 500) as u64, number(1, 20_260_301) as u64);
    let program = std::env::current_exe().expect("this program");
    let folder = tempfile::tempdir().expect("a folder");
    let mut drive = Drive::begin(folder.path(), seed).await;
    let doing = std::sync::Arc::clone(&drive.doing);
    std::thread::spawn(move || {
        let mut last = *doing.lock().expect("no panic");
        loop {
            std::thread::sleep(PATIENCE);
            let now = *doing.lock().expect("no panic");
            if now == last {
                eprintln!("nothing goes on: {} for {PATIENCE:?}", now.0);
                std::process::exit(2);
            }
            last = now;
        }
    });
    let mut round = 0;
    while drive.stopped < kills {
        round += 1;
        if round % 2 == 0 {
            drive.kill_once(&program).await;
        } else {
            drive.stop_once().await;
        }
        if round % 25 == 0 {
            drive.compare(round % 100 == 0).await;
            eprintln!("{} of {kills}", drive.stopped);
        }
    }
    drive.compare(true).await;
    let (_, readings, telegrams) = drive.sizes().await;
    let (tried, killed, steps) = (drive.stopped, drive.killed, drive.steps());
    let Faults { lost, doubled, wrong } = drive.end().await;
    let met = lost + doubled + wrong == 0 && steps.values().all(|times| *times > 0);
    println!(
        "{}",
        serde_json::json!({"name": "mover", "tried": tried, "killed": killed, "lost": lost, "doubled": doubled, "wrong": wrong,
            "seed": seed, "met": met, "steps": steps, "readings": readings, "telegrams": telegrams})
    );
    if met { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}
