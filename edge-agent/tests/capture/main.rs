//! Capture against real files, real streams and servers that misbehave. Needs the programs `ffmpeg` and, for RTSP,
//! `/usr/bin/python3` with GStreamer's server; they are installed with the other tools of the tests.

mod media;
mod network;
mod support;
