import type { Camera } from './camera.ts';

/** What the encoders of a channel do, as configuration keys that can be read and not set; absent channels have none. */
export function cameraFacts({ channels }: Camera, channel: number): Readonly<Record<string, unknown>> {
  const streams = channels.find((candidate) => candidate.channel === channel)?.streams ?? [];
  return Object.fromEntries(
    streams.flatMap(({ name, video, gopSec }) =>
      Object.entries({
        codec: video.codec,
        width: video.width,
        height: video.height,
        fps: video.fps,
        bitrateKbps: video.kbps,
        gopSec,
      }).map(([member, value]) => [`video.${name}.${member}`, value]),
    ),
  );
}
