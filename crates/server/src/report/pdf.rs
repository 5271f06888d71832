//! Word to PDF by a converter of somebody else's (LibreOffice): a process of its own, in a folder of its own, for a bounded time, one at
//! a time. Without one the answer says how to get it.

use std::path::Path;
use std::process::Stdio;
use std::time::Duration;

use nix::sys::signal::{Signal, killpg};
use nix::unistd::Pid;
use tokio::process::Command;
use tokio::sync::Semaphore;

/// A converter takes much memory: one at a time.
static TURN: Semaphore = Semaphore::const_new(1);
/// Bytes of a PDF at most.
const BYTES_MAX: u64 = 64 << 20;

/// Why there is no PDF.
#[derive(Debug, thiserror::Error)]
pub enum NoPdf {
    /// None is configured, or it is not on this machine.
    #[error("no converter to PDF: {0}")]
    NoConverter(String),
    /// It took longer than it may.
    #[error("the converter to PDF took longer than {0} s and was ended")]
    TooLong(u64),
    /// It ended without a PDF.
    #[error("the converter to PDF failed: {0}")]
    Failed(String),
    /// Files could not be written or read.
    #[error("files of the conversion: {0}")]
    Io(#[from] std::io::Error),
}

/// Turns a Word file into PDF by `command` with its arguments.
///
/// # Errors
/// As [`NoPdf`] says.
pub async fn convert(docx: &[u8], command: &[String], timeout_s: u64) -> Result<Vec<u8>, NoPdf> {
    let Some((program, arguments)) = command.split_first() else {
        return Err(NoPdf::NoConverter("report.pdf_command is empty".into()));
    };
    let _turn = TURN.acquire().await.map_err(|e| NoPdf::Failed(e.to_string()))?;
    let folder = tempfile::tempdir()?;
    let source = folder.path().join("report.docx");
    tokio::fs::write(&source, docx).await?;
    let profile = format!("-env:UserInstallation=file://{}", folder.path().join("profile").display());
    let mut child = Command::new(program)
        .args(arguments)
        .arg(profile)
        .args(["--headless", "--norestore", "--nolockcheck", "--convert-to", "pdf", "--outdir"])
        .arg(folder.path())
        .arg(&source)
        .current_dir(folder.path())
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .process_group(0)
        .kill_on_drop(true)
        .spawn()
        .map_err(|e| not_there(program, e))?;
    let group = child.id().and_then(|id| i32::try_from(id).ok()).map(Pid::from_raw);
    let ended = tokio::time::timeout(Duration::from_secs(timeout_s), child.wait()).await;
    if let Some(group) = group {
        // the converter is a script that starts others: none of them stays behind
        let _ = killpg(group, Signal::SIGKILL);
    }
    let status = ended.map_err(|_| NoPdf::TooLong(timeout_s))??;
    read(&folder.path().join("report.pdf")).await.map_err(|e| match e {
        NoPdf::Io(e) => NoPdf::Failed(format!("{status}, no PDF: {e}")),
        other => other,
    })
}

fn not_there(program: &str, error: std::io::Error) -> NoPdf {
    match error.kind() {
        std::io::ErrorKind::NotFound | std::io::ErrorKind::PermissionDenied => {
            NoPdf::NoConverter(format!("{program:?}: {error}"))
        }
        _ => NoPdf::Io(error),
    }
}

async fn read(path: &Path) -> Result<Vec<u8>, NoPdf> {
    let size = tokio::fs::metadata(path).await?.len();
    if size > BYTES_MAX {
        return Err(NoPdf::Failed(format!("{size} bytes, at most {BYTES_MAX}")));
    }
    let bytes = tokio::fs::read(path).await?;
    if bytes.starts_with(b"%PDF") { Ok(bytes) } else { Err(NoPdf::Failed("what it wrote is no PDF".into())) }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn words(command: &str) -> Vec<String> {
        command.split_whitespace().map(str::to_owned).collect()
    }

    #[tokio::test]
    async fn a_converter_that_is_missing_fails_or_hangs_is_told_apart() {
        let ended = async |command: &[String]| convert(b"x", command, 1).await.expect_err("no PDF");
        assert!(matches!(ended(&[]).await, NoPdf::NoConverter(_)));
        assert!(matches!(ended(&words("no-such-converter")).await, NoPdf::NoConverter(_)));
        assert!(matches!(ended(&words("false")).await, NoPdf::Failed(_)));
        let hang = ["sh", "-c", "sleep 600; true"].map(str::to_owned);
        assert!(matches!(ended(&hang).await, NoPdf::TooLong(1)));
        let writes = ["sh", "-c", "printf '%%PDF-1.7' > report.pdf"].map(str::to_owned);
        assert_eq!(convert(b"x", &writes, 20).await.expect("a PDF"), b"%PDF-1.7");
    }
}
