#!/usr/bin/python3
"""A camera for tests: serves one MP4 (H.264 or H.265) in a loop by RTSP on 127.0.0.1 and prints its URL.

    scripts/rtsp.py CLIP.mp4 [--port 0] [--user U --password P [--digest]] [--cut SECONDS] [--garbage KIND] [--once] [--udp-only]

--cut S        every connection is closed S seconds after it was opened
--garbage noise    answers every connection with random bytes
--garbage lie      says H.264 in its SDP and sends H.265 or noise as its payload
--garbage silent   takes the connection and never answers
The first line on stdout is the URL (with credentials when there are any). Needs python3-gi, gir1.2-gst-rtsp-server-1.0 and
gstreamer1.0-plugins-{base,good,bad}; --garbage noise and silent need nothing but Python.
"""
import argparse
import os
import random
import signal
import socket
import subprocess
import sys
import threading


def arguments():
    p = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    p.add_argument("clip", nargs="?")
    p.add_argument("--port", type=int, default=0)
    p.add_argument("--user")
    p.add_argument("--password")
    p.add_argument("--digest", action="store_true")
    p.add_argument("--cut", type=float)
    p.add_argument("--garbage", choices=["noise", "lie", "silent"])
    p.add_argument("--udp-only", action="store_true")
    p.add_argument("--once", action="store_true", help="no loop: the stream ends with the clip")
    return p.parse_args()


def say(url):
    print(url, flush=True)


def raw(port, kind):
    """A listener that is no camera at all."""
    door = socket.socket()
    door.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    door.bind(("127.0.0.1", port))
    door.listen(64)
    say(f"rtsp://127.0.0.1:{door.getsockname()[1]}/cam")

    def serve(peer, dice):
        try:
            while kind == "noise":
                peer.sendall(dice.randbytes(4096))
            while peer.recv(4096):
                pass
        except OSError:
            pass
        peer.close()

    n = 0
    while True:
        peer, _ = door.accept()
        n += 1
        threading.Thread(target=serve, args=(peer, random.Random(n)), daemon=True).start()


def codec_of(clip):
    out = subprocess.run(["ffprobe", "-v", "error", "-select_streams", "v:0", "-show_entries", "stream=codec_name", "-of", "csv=p=0", clip],
                         capture_output=True, text=True, check=True)
    return out.stdout.strip().split(",")[0]


def main():
    a = arguments()
    if a.garbage in ("noise", "silent"):
        raw(a.port, a.garbage)
    try:
        import gi
        gi.require_version("Gst", "1.0")
        gi.require_version("GstRtspServer", "1.0")
        gi.require_version("GstRtsp", "1.0")
        from gi.repository import GLib, Gst, GstRtsp, GstRtspServer
    except (ImportError, ValueError) as e:
        print(f"missing: {e}", file=sys.stderr)
        sys.exit(77)
    Gst.init(None)
    feeds = []
    codec = codec_of(a.clip)
    parse, pay = {"h264": ("h264parse config-interval=-1", "rtph264pay"), "hevc": ("h265parse config-interval=-1", "rtph265pay")}[codec]

    class Factory(GstRtspServer.RTSPMediaFactory):
        """One pipeline for every viewer. A clip that is shown once keeps its own times, so that they can be held against a ground truth;
        one that is repeated comes from FFmpeg, because a demuxer of MP4 cannot go back to its beginning, and is timed as it arrives."""

        def do_create_element(self, url):
            if a.garbage == "lie":
                line = "( fakesrc sizetype=fixed sizemax=1200 filltype=random is-live=true do-timestamp=true datarate=200000 " \
                       "! application/x-rtp,media=video,clock-rate=90000,encoding-name=H264,payload=96 ! identity name=pay0 )"
                return Gst.parse_launch(line)
            if a.once:
                place = os.path.abspath(a.clip).replace('"', '\\"')
                return Gst.parse_launch(f'( filesrc location="{place}" ! qtdemux ! {parse} ! {pay} name=pay0 pt=96 )')
            feed = subprocess.Popen(["ffmpeg", "-nostdin", "-v", "quiet", "-re", "-stream_loop", "-1", "-i", os.path.abspath(a.clip), "-map", "0:v:0", "-c", "copy",
                                     "-f", "mpegts", "pipe:1"], stdout=subprocess.PIPE, stdin=subprocess.DEVNULL)
            feeds.append(feed)
            top = Gst.parse_launch(f"( appsrc name=in is-live=true do-timestamp=true format=time block=true max-bytes=500000 ! tsdemux ! {parse} ! {pay} name=pay0 pt=96 )")
            threading.Thread(target=pump, args=(feed, top.get_by_name("in")), daemon=True).start()
            return top

    def pump(feed, entry):
        while chunk := feed.stdout.read1(65536):
            if entry.emit("push-buffer", Gst.Buffer.new_wrapped(chunk)) != Gst.FlowReturn.OK:
                break
        entry.emit("end-of-stream")
        feed.kill()
        feed.wait()

    server = GstRtspServer.RTSPServer()
    server.set_address("127.0.0.1")
    server.set_service(str(a.port))
    factory = Factory()
    factory.set_shared(True)
    if a.udp_only:
        factory.set_protocols(GstRtsp.RTSPLowerTrans.UDP)
    credentials = ""
    if a.user:
        auth = GstRtspServer.RTSPAuth()
        token = GstRtspServer.RTSPToken()
        token.set_string("media.factory.role", "viewer")
        if a.digest:
            auth.set_supported_methods(GstRtsp.RTSPAuthMethod.DIGEST)
            auth.add_digest(a.user, a.password, token)
        else:
            auth.add_basic(GstRtspServer.RTSPAuth.make_basic(a.user, a.password), token)
        server.set_auth(auth)
        permissions = GstRtspServer.RTSPPermissions()
        permissions.add_permission_for_role("viewer", "media.factory.access", True)
        permissions.add_permission_for_role("viewer", "media.factory.construct", True)
        factory.set_permissions(permissions)
        credentials = f"{a.user}:{a.password}@"
    server.get_mount_points().add_factory("/cam", factory)
    if a.cut:
        def connected(_server, client):
            def close():
                client.close()
                return False
            GLib.timeout_add(int(a.cut * 1000), close)
        server.connect("client-connected", connected)
    server.attach(None)
    say(f"rtsp://{credentials}127.0.0.1:{server.get_bound_port()}/cam")

    def leave(*_):
        for feed in feeds:
            feed.kill()
        os._exit(0)

    signal.signal(signal.SIGTERM, leave)
    signal.signal(signal.SIGINT, leave)
    GLib.MainLoop().run()


main()
