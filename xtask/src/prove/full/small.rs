//! A small disk of its own: a file system in memory, mounted where a proof wants it, filled and freed.

use std::fs::{self, File};
use std::io::{ErrorKind, Write as _};
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, ensure};

/// What fills it.
const BALLAST: &str = "ballast";

/// A mounted file system; it goes when this is dropped.
pub struct Small {
    at: PathBuf,
    /// Files of it that stand in the place of others.
    over: Vec<PathBuf>,
}

impl Small {
    /// One of so many KiB.
    pub fn mount(at: &Path, kib: u64) -> anyhow::Result<Self> {
        fs::create_dir_all(at)?;
        let size = format!("size={kib}k,mode=0755");
        mount(&["-t", "tmpfs", "-o", &size, "tmpfs"], at)?;
        Ok(Self { at: at.to_owned(), over: Vec::new() })
    }

    /// A file of this disk stands where another one was; it begins as a copy of it.
    pub fn put_over(&mut self, file: &Path) -> anyhow::Result<()> {
        let here = self.at.join(file.file_name().context("a file")?);
        fs::copy(file, &here)?;
        mount(&["--bind", &here.display().to_string()], file)?;
        self.over.push(file.to_owned());
        Ok(())
    }

    /// Fills it until so many bytes are left; again when something has become free meanwhile.
    pub fn fill(&self, leave: u64) -> anyhow::Result<()> {
        let mut ballast = File::options().create(true).append(true).open(self.at.join(BALLAST))?;
        let mut piece = 1 << 16;
        while piece > 0 {
            let disk = nix::sys::statvfs::statvfs(&self.at)?;
            let free = disk.blocks_available() * disk.fragment_size();
            // the last page has room for less than a page, which no free block tells of
            let wanted = if leave > 0 { free.saturating_sub(leave).min(piece) } else { piece };
            if wanted == 0 {
                break;
            }
            match ballast.write_all(&vec![0; wanted as usize]) {
                Ok(()) => {}
                Err(e) if e.kind() == ErrorKind::StorageFull => piece /= 16,
                Err(e) => return Err(e.into()),
            }
        }
        Ok(())
    }

    /// Room again.
    pub fn free(&self) -> anyhow::Result<()> {
        Ok(fs::remove_file(self.at.join(BALLAST))?)
    }
}

impl Drop for Small {
    fn drop(&mut self) {
        for at in self.over.iter().chain([&self.at]) {
            unmount(at);
        }
    }
}

/// Takes away what an earlier run that was killed has left mounted under a folder.
pub fn unmount_under(folder: &Path) -> anyhow::Result<()> {
    let mounts = fs::read_to_string("/proc/mounts")?;
    let left = mounts.lines().filter_map(|line| line.split(' ').nth(1)).map(Path::new);
    let mut left: Vec<_> = left.filter(|at| at.starts_with(folder)).collect();
    // what lies on another one goes first
    left.reverse();
    left.into_iter().for_each(unmount);
    Ok(())
}

fn mount(args: &[&str], at: &Path) -> anyhow::Result<()> {
    let mounted = Command::new("mount").args(args).arg(at).output().context("mount")?;
    ensure!(mounted.status.success(), "mount: {}", String::from_utf8_lossy(&mounted.stderr).trim());
    Ok(())
}

fn unmount(at: &Path) {
    // a process that is about to end may still hold a file
    let done = Command::new("umount").arg("--lazy").arg(at).status();
    if !done.is_ok_and(|status| status.success()) {
        eprintln!("{} stays mounted", at.display());
    }
}
