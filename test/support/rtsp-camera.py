"""A camera of another maker: GStreamer's RTSP server with films on its paths.

Arguments: PORT (0: any), USER and PASSWORD (empty: anybody may watch), how the password is asked for (digest or basic), then
PATH=CODEC=FILE for each stream. Prints the port it listens on.
"""

import sys

import gi

gi.require_version("Gst", "1.0")
gi.require_version("GstRtsp", "1.0")
gi.require_version("GstRtspServer", "1.0")
from gi.repository import GLib, Gst, GstRtsp, GstRtspServer

port, user, password, method, *streams = sys.argv[1:]
Gst.init(None)
server = GstRtspServer.RTSPServer()
server.set_address("127.0.0.1")
server.set_service(port)

permissions = None
if user:
    auth = GstRtspServer.RTSPAuth()
    token = GstRtspServer.RTSPToken()
    token.set_string("media.factory.role", "watcher")
    if method == "digest":
        auth.set_supported_methods(GstRtsp.RTSPAuthMethod.DIGEST)
        auth.add_digest(user, password, token)
    else:
        auth.add_basic(GstRtspServer.RTSPAuth.make_basic(user, password), token)
    server.set_auth(auth)

for stream in streams:
    path, codec, film = stream.split("=", 2)
    sound = "d.audio_0 ! queue ! aacparse ! rtpmp4gpay name=pay1 pt=97" if codec == "h264" else ""
    factory = GstRtspServer.RTSPMediaFactory()
    factory.set_launch(
        f"( filesrc location={film} ! qtdemux name=d d.video_0 ! queue ! {codec}parse ! rtp{codec}pay name=pay0 pt=96 config-interval=-1 {sound} )"
    )
    factory.set_shared(True)
    if user:
        granted = GstRtspServer.RTSPPermissions()
        granted.add_permission_for_role("watcher", "media.factory.access", True)
        granted.add_permission_for_role("watcher", "media.factory.construct", True)
        factory.set_permissions(granted)
    server.get_mount_points().add_factory(path, factory)

server.attach(None)
print(server.get_bound_port(), flush=True)
GLib.MainLoop().run()
