//! What FFmpeg is told: arguments that anybody may read, and a script with the address that nobody else can.

use std::path::Path;

use crate::{Kind, Secret, Spec, Transport};

/// What FFmpeg reads.
#[derive(Clone)]
pub(crate) struct Input {
    pub(crate) args: Vec<String>,
    /// An `ffconcat` script for its standard input; empty when there is none.
    pub(crate) script: String,
}

fn words(text: &str) -> impl Iterator<Item = String> + '_ {
    text.split_whitespace().map(str::to_owned)
}

/// The protocols that FFmpeg may use for an address, and no other: a camera cannot send it to a file.
fn protocols(scheme: &str, transport: Transport) -> &'static str {
    match (scheme, transport) {
        ("rtsp", Transport::Tcp) => "pipe,rtsp,tcp",
        ("rtsp", Transport::Udp) => "pipe,rtsp,rtp,udp,tcp",
        ("rtsps", _) => "pipe,rtsp,rtsps,tls,tcp",
        ("https", _) => "pipe,https,tls,tcp",
        _ => "pipe,http,tcp",
    }
}

/// The input of `spec` by `url`, which has passed [`Spec::check`].
pub(crate) fn input(spec: &Spec, url: &Secret) -> Input {
    if spec.kind == Kind::File {
        return file(spec, url.expose());
    }
    let address = url.expose().replace('\'', "%27");
    let scheme = address.split(':').next().unwrap_or_default().to_ascii_lowercase();
    let silence_us = u64::from(spec.silence_s) * 1_000_000;
    let mut script = format!("ffconcat version 1.0\nfile '{address}'\n");
    match spec.kind {
        Kind::Rtsp => {
            let transport = if spec.transport == Transport::Udp { "udp" } else { "tcp" };
            script += &format!(
                "option rtsp_transport {transport}\noption timeout {silence_us}\noption allowed_media_types video\n"
            );
        }
        _ => script += &format!("option rw_timeout {silence_us}\n"),
    }
    let clock = if spec.kind == Kind::Mjpeg { "-use_wallclock_as_timestamps 1 " } else { "" };
    let white = protocols(&scheme, spec.transport);
    let args = format!(
        "-protocol_whitelist {white} {clock}-fflags +genpts+discardcorrupt -f concat -safe 0 -threads 1 -i pipe:0"
    );
    Input { args: words(&args).collect(), script }
}

fn file(spec: &Spec, path: &str) -> Input {
    let mut args: Vec<String> = words("-protocol_whitelist file -threads 1").collect();
    if spec.loop_file {
        args.extend(words("-stream_loop -1"));
    }
    if !spec.every_frame {
        args.push("-re".into());
    }
    args.extend(["-i".into(), format!("file:{path}")]);
    Input { args, script: String::new() }
}

/// What stands before everything. Verbose, because a change of size is said only there; what is said is bounded by its reader.
pub(crate) fn front() -> Vec<String> {
    words("-hide_banner -nostats -loglevel verbose").collect()
}

/// Frames in Matroska on standard output. Of all pictures the first within each `1/fps` is taken: none is repeated when the stream stalls,
/// as the filter `fps` would. The width is never enlarged. One thread writes: of several each holds a picture back until the next comes.
pub(crate) fn frames(fps: f32, width: u32) -> Vec<String> {
    let pick = format!("select='isnan(prev_selected_t)+gt(floor(t*{fps}+0.001),floor(prev_selected_t*{fps}+0.001))'");
    let scale = format!("scale='min({width},iw)':-2:flags=area");
    let mut args: Vec<String> = words("-map 0:v:0 -an -filter_threads 1 -vf").collect();
    args.push(format!("{pick},{scale}"));
    args.extend(words(
        "-fps_mode passthrough -pix_fmt rgb24 -c:v rawvideo -threads 1 -f matroska -allow_raw_vfw 1 -live 1 -cluster_size_limit 1000 -flush_packets 1 pipe:1",
    ));
    args
}

/// Files for the ring, as the stream is or encoded by `codec`; each finished one is said on descriptor 0, which is a socket.
/// Fragmented MP4 takes H.264, H.265 and MJPEG, can be read when its end is missing, and carries the camera's clock (`prft`).
pub(crate) fn segments(pattern: &Path, segment_s: u32, codec: &str) -> Vec<String> {
    let mut args: Vec<String> = words("-map 0:v:0 -an").collect();
    args.extend(words(codec));
    args.extend(words(&format!("-f segment -segment_time {segment_s}")));
    args.extend(words(
        "-segment_format mp4 -segment_format_options movflags=+empty_moov+default_base_moof+frag_keyframe:write_prft=wallclock \
         -reset_timestamps 1 -segment_list pipe:0 -segment_list_type csv",
    ));
    args.push(pattern.display().to_string());
    args
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_address_stands_in_the_script_only() {
        let spec = Spec::new(Kind::Rtsp, "rtsp://op:s3cret'x@10.0.0.7/ch1");
        let Input { args, script } = input(&spec, &spec.url);
        assert!(args.iter().all(|a| !a.contains("s3cret") && !a.contains("10.0.0.7")), "{args:?}");
        assert!(script.contains("file 'rtsp://op:s3cret%27x@10.0.0.7/ch1'\n"), "{script}");
        assert!(args.windows(2).any(|w| w == ["-protocol_whitelist", "pipe,rtsp,tcp"]));
    }

    #[test]
    fn a_file_is_opened_as_a_file_and_nothing_else() {
        let spec = Spec { loop_file: true, ..Spec::new(Kind::File, "/srv/concat:a.mp4") };
        let Input { args, script } = input(&spec, &spec.url);
        assert_eq!((args.last().unwrap().as_str(), script.as_str()), ("file:/srv/concat:a.mp4", ""));
        assert!(args.contains(&"-stream_loop".to_owned()));
    }
}
