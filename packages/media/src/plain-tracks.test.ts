import type { AudioTrack, VideoTrack } from './access-unit.ts';

// Tracks for the tests of this folder that read tables and fragments by hand; this file holds no test of its own.

export const plainVideo: VideoTrack = {
  kind: 'video',
  id: 1,
  timescale: 25,
  codec: 'av1',
  codecString: 'av01',
  config: new Uint8Array(),
  width: 16,
  height: 16,
};

export const plainAudio: AudioTrack = {
  kind: 'audio',
  id: 2,
  timescale: 8000,
  codec: 'aac',
  codecString: 'mp4a',
  config: new Uint8Array(),
  sampleRate: 8000,
  channels: 1,
};
