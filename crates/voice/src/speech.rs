//! Text to sound by the program espeak-ng, which is called and not linked (its licence is GPL-3). The text goes in by its standard
//! input, no shell is asked, and time and bytes have a limit. Made once: the caller keeps what [`Speech::key`] names.

use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::Duration;

use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::process::{Child, Command};

use crate::sound::{BYTES_MAX, Sound, WavError};

/// What is said where nobody has written anything else.
pub const DEFAULT_ZH: &str = "你已进入{city}地表水水质自动监测站监测采样区，请尽快离开。";
/// The same in English.
pub const DEFAULT_EN: &str =
    "You have entered the sampling area of a water quality monitoring station of {city}. Please leave at once.";
/// Characters of a text, at most.
pub const CHARS_MAX: usize = 500;
/// Between two languages, seconds.
const PAUSE_S: f64 = 0.6;
/// How long the program may take.
const TIME_MAX: Duration = Duration::from_secs(20);

/// A text with `{city}` and `{station}` filled in.
pub fn fill(template: &str, city: &str, station: &str) -> String {
    // one pass, so that a name with braces in it stays what it is
    let mut out = String::with_capacity(template.len() + city.len() + station.len());
    let mut rest = template;
    while let Some(at) = rest.find('{') {
        out.push_str(&rest[..at]);
        rest = &rest[at..];
        let (text, used) = if rest.starts_with("{city}") {
            (city, "{city}".len())
        } else if rest.starts_with("{station}") {
            (station, "{station}".len())
        } else {
            ("{", 1)
        };
        out.push_str(text);
        rest = &rest[used..];
    }
    out + rest
}

/// In which language.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Tongue {
    /// Mandarin (普通话).
    Zh,
    /// English.
    En,
}

impl Tongue {
    /// The program's voice.
    fn voice(self) -> &'static str {
        match self {
            Self::Zh => "cmn",
            Self::En => "en",
        }
    }
}

/// One text to be spoken.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Speech {
    /// What is said.
    pub text: String,
    /// In which language.
    pub tongue: Tongue,
    /// Words a minute, 80 to 300.
    pub speed: u16,
}

/// Why nothing was spoken.
#[derive(Debug, thiserror::Error)]
pub enum SpeechError {
    /// Nothing to say, too much, or control characters in it.
    #[error("a text of 1 to {CHARS_MAX} characters without control characters is taken")]
    Text,
    /// A speed that is not taken.
    #[error("{0} words a minute: 80 to 300 are taken")]
    Speed(u16),
    /// The program could not be started.
    #[error("{program}: {source}")]
    Program {
        /// Its path.
        program: PathBuf,
        /// What the system says.
        source: std::io::Error,
    },
    /// The program took too long.
    #[error("espeak-ng took longer than {} s", TIME_MAX.as_secs())]
    Late,
    /// The program failed.
    #[error("espeak-ng failed: {0}")]
    Failed(String),
    /// What the program gave is no sound.
    #[error("what espeak-ng gave: {0}")]
    Wav(#[from] WavError),
}

impl SpeechError {
    /// The same for an operator.
    pub fn zh(&self) -> String {
        match self {
            Self::Text => format!("播报文本应为1至{CHARS_MAX}字，且不含控制字符"),
            Self::Speed(n) => format!("语速{n}不在80至300之间"),
            Self::Program { .. } => "语音合成程序espeak-ng未安装或无法启动，请安装或上传录音".into(),
            Self::Late => "语音合成超时".into(),
            Self::Failed(why) => format!("语音合成失败：{why}"),
            Self::Wav(e) => format!("语音合成结果不可用：{}", e.zh()),
        }
    }
}

impl Speech {
    /// SHA-256, in hex, over all that the sound depends on: under this name it is kept.
    pub fn key(&self) -> String {
        let mut sum = Sha256::new();
        for part in ["espeak-ng", self.tongue.voice(), &self.speed.to_string(), &self.text] {
            sum.update((part.len() as u64).to_le_bytes());
            sum.update(part);
        }
        hex::encode(sum.finalize())
    }

    fn check(&self) -> Result<(), SpeechError> {
        let count = self.text.trim().chars().count();
        if count == 0 || count > CHARS_MAX || self.text.chars().any(|c| c.is_control() && c != '\n') {
            return Err(SpeechError::Text);
        }
        if !(80..=300).contains(&self.speed) {
            return Err(SpeechError::Speed(self.speed));
        }
        Ok(())
    }

    /// The WAV of the program, as it gave it.
    ///
    /// # Errors
    /// When the text or the speed is not taken, the program is not there, fails, takes too long, or says too much.
    pub async fn wav(&self, program: &Path) -> Result<Vec<u8>, SpeechError> {
        self.check()?;
        let mut child = Command::new(program)
            .args(["-b", "1", "-v", self.tongue.voice(), "-s", &self.speed.to_string(), "--stdin", "--stdout"])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .kill_on_drop(true)
            .spawn()
            .map_err(|source| SpeechError::Program { program: program.to_owned(), source })?;
        let work = converse(&mut child, &self.text);
        tokio::time::timeout(TIME_MAX, work).await.map_err(|_| SpeechError::Late)?
    }

    /// The sound of it.
    ///
    /// # Errors
    /// As [`Speech::wav`], or when it is longer than a sound may be.
    pub async fn sound(&self, program: &Path) -> Result<Sound, SpeechError> {
        Ok(Sound::from_wav(&self.wav(program).await?)?)
    }
}

/// Says the text to the program and hears what it gives.
async fn converse(child: &mut Child, text: &str) -> Result<Vec<u8>, SpeechError> {
    let failed = |e: std::io::Error| SpeechError::Failed(e.to_string());
    let (Some(mut input), Some(output), Some(errors)) = (child.stdin.take(), child.stdout.take(), child.stderr.take())
    else {
        return Err(SpeechError::Failed("no pipe".into()));
    };
    let say = async move {
        // a program that has ended does not read; its own status says why
        let _ = input.write_all(text.as_bytes()).await;
    };
    let (mut wav, mut words) = (Vec::new(), Vec::new());
    let (mut output, mut errors) = (output.take(BYTES_MAX as u64 + 1), errors.take(2_000));
    let ((), read, told) = tokio::join!(say, output.read_to_end(&mut wav), errors.read_to_end(&mut words));
    read.map_err(failed)?;
    told.map_err(failed)?;
    if wav.len() > BYTES_MAX {
        return Err(WavError::TooLarge(wav.len()).into());
    }
    // a program that still talks to its closed pipes ends by that
    drop((output, errors));
    let status = child.wait().await.map_err(failed)?;
    if status.success() {
        return Ok(wav);
    }
    let words: String = String::from_utf8_lossy(&words).chars().filter(|c| !c.is_control()).take(200).collect();
    Err(SpeechError::Failed(format!("{status} {words}")))
}

/// Several texts one after the other, as in Chinese and then in English.
///
/// # Errors
/// As [`Speech::sound`], or when together they are too long.
pub async fn sound(speeches: &[Speech], program: &Path) -> Result<Sound, SpeechError> {
    let mut sounds = Vec::with_capacity(speeches.len());
    for speech in speeches {
        sounds.push(speech.sound(program).await?);
    }
    Ok(Sound::joined(&sounds, PAUSE_S)?)
}

/// The name of a sound made of several texts.
pub fn key(speeches: &[Speech]) -> String {
    hex::encode(Sha256::digest(speeches.iter().map(Speech::key).collect::<Vec<_>>().join(",")))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn speech(text: &str) -> Speech {
        Speech { text: text.into(), tongue: Tongue::Zh, speed: 150 }
    }

    #[test]
    fn the_default_sentence_is_the_articles() {
        let said = fill(DEFAULT_ZH, "衢州市", "双港口");
        assert_eq!(said, "你已进入衢州市地表水水质自动监测站监测采样区，请尽快离开。");
        assert_eq!(fill("{station}/{city}/{x", "{station}", "甲"), "甲/{station}/{x");
    }

    #[test]
    fn the_name_depends_on_all_of_it() {
        let (a, b) = (speech("走"), Speech { speed: 151, ..speech("走") });
        assert_ne!(a.key(), b.key());
        assert_ne!(a.key(), Speech { tongue: Tongue::En, ..speech("走") }.key());
        assert_ne!(key(std::slice::from_ref(&a)), key(&[a.clone(), b]));
        assert_eq!(a.key().len(), 64);
    }

    #[tokio::test]
    async fn what_cannot_be_said() {
        let espeak = Path::new("espeak-ng");
        assert!(matches!(speech(" ").wav(espeak).await, Err(SpeechError::Text)));
        assert!(matches!(speech("a\u{7}").wav(espeak).await, Err(SpeechError::Text)));
        assert!(matches!(speech(&"长".repeat(501)).wav(espeak).await, Err(SpeechError::Text)));
        assert!(matches!(Speech { speed: 9, ..speech("走") }.wav(espeak).await, Err(SpeechError::Speed(9))));
        let e = speech("走").wav(Path::new("/no/such/program")).await.expect_err("no program");
        assert!(e.zh().contains("未安装"), "{e}");
        let e = speech("走").wav(Path::new("/bin/false")).await.expect_err("fails");
        assert!(matches!(e, SpeechError::Failed(_)), "{e}");
    }

    #[tokio::test]
    async fn espeak_says_the_sentence() {
        let espeak = Path::new("espeak-ng");
        if std::process::Command::new(espeak).arg("--version").output().is_err() {
            eprintln!("skipped: no espeak-ng");
            return;
        }
        let zh = speech(&fill(DEFAULT_ZH, "衢州市", ""));
        let en = Speech { text: fill(DEFAULT_EN, "Quzhou", ""), tongue: Tongue::En, speed: 150 };
        let (a, b) = (zh.sound(espeak).await.expect("chinese"), en.sound(espeak).await.expect("english"));
        let both = sound(&[zh, en], espeak).await.expect("both");
        assert!(a.seconds() > 5.0 && b.seconds() > 3.0, "{a:?} {b:?}");
        assert!((both.seconds() - a.seconds() - b.seconds() - PAUSE_S).abs() < 0.01);
        assert!(a.samples().iter().any(|s| s.abs() > 8_000), "too quiet");
    }
}
