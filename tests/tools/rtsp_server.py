#!/usr/bin/python3
"""An RTSP server on loopback for tests: /usr/bin/python3 rtsp_server.py PORT NAME=CODEC:FILE.mp4 …

Plays each file once for everybody who asks for rtsp://127.0.0.1:PORT/NAME, in real time. CODEC is h264 or h265.
Prints "ready" when it listens. Needs the Debian packages python3-gi, gir1.2-gst-rtsp-server-1.0 and
gstreamer1.0-plugins-{base,good,bad}.
"""

import sys

import gi

gi.require_version("Gst", "1.0")
gi.require_version("GstRtspServer", "1.0")
from gi.repository import GLib, Gst, GstRtspServer  # noqa: E402


def factory(codec: str, file: str) -> GstRtspServer.RTSPMediaFactory:
    made = GstRtspServer.RTSPMediaFactory()
    made.set_shared(True)
    made.set_launch(
        f'( filesrc location="{file}" ! qtdemux ! {codec}parse'
        f" ! rtp{codec}pay name=pay0 pt=96 config-interval=1 )"
    )
    return made


def main() -> None:
    port, *streams = sys.argv[1:]
    Gst.init(None)
    server = GstRtspServer.RTSPServer()
    server.set_address("127.0.0.1")
    server.set_service(port)
    for stream in streams:
        name, media = stream.split("=", 1)
        codec, file = media.split(":", 1)
        server.get_mount_points().add_factory(f"/{name}", factory(codec, file))
    if server.attach(None) == 0:
        sys.exit(f"port {port} is taken")
    print("ready", flush=True)
    GLib.MainLoop().run()


if __name__ == "__main__":
    main()
