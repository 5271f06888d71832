//! The mover and the merge, stopped at any point.

mod moving;

use moving::Drive;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn stopped_at_any_point_the_mover_loses_nothing_and_doubles_nothing() {
    let folder = tempfile::tempdir().expect("a folder");
    let mut drive = Drive::begin(folder.path(), 20_260_301).await;
    for round in 0..60 {
        drive.stop_once().await;
        if round % 10 == 9 {
            drive.compare(round % 20 == 19).await;
        }
    }
    let (hot, all, _) = drive.sizes().await;
    assert!(drive.stopped > 20, "stopped {} times", drive.stopped);
    assert!(hot * 2 < all, "{hot} of {all} statements are hot");
    assert_eq!(drive.end().await, moving::Faults::default());
}
