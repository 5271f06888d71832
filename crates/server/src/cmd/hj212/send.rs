//! `shanshui hj212 send`: frames of a file to a centre, raw; its answers as JSON Lines.

use std::io::{Read, Write};
use std::net::{Shutdown, TcpStream};
use std::path::Path;
use std::process::ExitCode;
use std::time::{Duration, Instant};

use anyhow::Context;
use hj212::{Decoder, DevicePolicy, Limits};

use super::decode::object;

/// Bytes read at once.
const CHUNK: usize = 64 << 10;

/// Sends everything, then prints what comes until the other side closes or nothing came for `wait` seconds.
pub(super) fn run(to: &str, wait: f64, file: Option<&Path>) -> anyhow::Result<ExitCode> {
    let wait = Duration::from_secs_f64(wait.clamp(0.01, 1e6));
    let mut bytes = Vec::new();
    super::super::input(file)?.read_to_end(&mut bytes)?;
    let stream = TcpStream::connect(to).with_context(|| to.to_owned())?;
    stream.set_nodelay(true)?;
    let mut writer = stream.try_clone()?;
    // written aside, so that a centre that answers at once is not kept waiting
    let sending = std::thread::spawn(move || writer.write_all(&bytes));
    hear(&stream, wait).with_context(|| to.to_owned())?;
    // ends a write that the other side does not take
    let _ = stream.shutdown(Shutdown::Both);
    sending.join().expect("writing bytes does not panic").with_context(|| format!("{to}: not everything was taken"))?;
    Ok(ExitCode::SUCCESS)
}

fn hear(mut stream: &TcpStream, wait: Duration) -> anyhow::Result<()> {
    let mut out = super::super::output(None)?;
    let mut decoder = Decoder::new(Limits::default());
    let mut chunk = vec![0u8; CHUNK];
    let plain = |_: &[u8]| DevicePolicy::default();
    let mut last = Instant::now();
    while let Some(left) = wait.checked_sub(last.elapsed()).filter(|left| !left.is_zero()) {
        stream.set_read_timeout(Some(left))?;
        match stream.read(&mut chunk) {
            Ok(0) => break,
            Ok(n) => decoder.push(&chunk[..n]),
            Err(e) if matches!(e.kind(), std::io::ErrorKind::WouldBlock | std::io::ErrorKind::TimedOut) => break,
            Err(e) => return Err(e.into()),
        }
        last = Instant::now();
        while let Some(piece) = decoder.next_piece(&plain) {
            writeln!(out, "{}", object(&piece))?;
        }
        out.flush()?;
    }
    while let Some(piece) = decoder.finish(&plain) {
        writeln!(out, "{}", object(&piece))?;
    }
    Ok(out.flush()?)
}
