//! What happens by itself: judging what arrives, raising and ending alarms, noticing silence, closing gaps, telling the other
//! nodes.
//!
//! Several nodes may work on one store. What only one may do at a time it does while it holds a name (the judge); what must be
//! done once is work put down in the store and taken by one (`work`); what is known of this node's lines is written down every
//! few seconds and told to all (`lines`).

mod alone;
pub mod chains;
pub mod evaluate;
pub mod forecast;
pub mod gaps;
pub(crate) mod history;
pub mod import;
pub mod judge;
mod lines;
mod pack;
pub(crate) mod record;
pub mod report;
pub mod review;
mod watch;
mod work;

use tokio::task::JoinHandle;

use crate::app::{App, Hearing};
use crate::notes;

/// The tasks of a node.
pub struct Tasks {
    /// End when the program is told to.
    pub front: Vec<JoinHandle<()>>,
    /// End after those, once the program closes: they write down what the others left behind.
    pub back: Vec<JoinHandle<()>>,
}

/// Starts what the node's roles need.
pub fn start(app: &App, hearing: Hearing) -> Tasks {
    let mut front = vec![tokio::spawn(notes::hear(app.clone())), tokio::spawn(chains::follow(app.clone()))];
    let back = vec![tokio::spawn(notes::tell(app.clone(), hearing.told)), tokio::spawn(lines::run(app.clone()))];
    if app.roles.job {
        front.push(tokio::spawn(watch::run(app.clone(), hearing.arrivals)));
        front.push(tokio::spawn(work::run(app.clone())));
        front.push(tokio::spawn(chains::first(app.clone())));
        front.push(tokio::spawn(work::timers(app.clone())));
        front.push(tokio::spawn(history::run(app.clone())));
        front.push(tokio::spawn(pack::run(app.clone())));
        front.push(tokio::spawn(crate::eye::run(app.clone())));
    }
    if app.roles.ingest {
        front.push(tokio::spawn(lines::arrivals(app.clone())));
        front.push(tokio::spawn(lines::commands(app.clone())));
    }
    Tasks { front, back }
}
