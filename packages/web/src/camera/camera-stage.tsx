import { useFullscreenElement, useHotkeys } from '@mantine/hooks';
import { lazy, Suspense, useCallback, useRef, useState } from 'react';
import { useTranslation } from 'react-i18next';
import styles from '../pages/camera-page.module.css';
import { ProblemNotice } from '../parts/problem-notice.tsx';
import { LiveView } from '../player/live-view.tsx';
import type { Live } from '../player/use-live.ts';
import { RecordedView } from '../recordings/recorded-view.tsx';
import type { Playback } from '../recordings/use-playback.ts';
import { TalkNotice } from '../talk/talk-notice.tsx';
import { useTalk } from '../talk/use-talk.ts';
import type { Camera } from './camera.ts';
import { PictureBar, type RecordedControls } from './picture-bar.tsx';
import { useSnapshot } from './use-snapshot.ts';

const SnapshotDialog = lazy(async () => ({ default: (await import('./snapshot-dialog.tsx')).SnapshotDialog }));

export interface CameraStageProps {
  readonly camera: Camera;
  readonly live: Live;
  readonly playback: Playback;
  /** The instant on show while a recording plays. */
  readonly playedAt: number | undefined;
  readonly onTime: (instant: number) => void;
}

/** The picture, live or recorded, and the controls over it. */
export function CameraStage({ camera, live, playback, playedAt, onTime }: CameraStageProps) {
  const { t } = useTranslation();
  const { device, channel } = camera;
  const [muted, setMuted] = useState(true);
  const [paused, setPaused] = useState(false);
  const recordedRef = useRef<HTMLVideoElement>(null);
  const { ref: stageRef, toggle, fullscreen } = useFullscreenElement();
  const snapshot = useSnapshot(camera);
  const ability = device.capabilities?.channels.find((candidate) => candidate.channel === channel);
  const isLive = playback.wish === undefined;
  const talking = useTalk(camera, isLive && device.state === 'online');
  // In turns: what the camera hears meanwhile is the loudspeaker.
  const isSilenced = muted || (talking?.status.kind === 'talking' && talking.status.duplex === 'half');
  const onToggle = useCallback(() => togglePlay(recordedRef.current), []);
  const onSkip = (seconds: number): void => playback.playAt((playedAt ?? 0) + seconds * 1_000);
  const recorded: RecordedControls | undefined = isLive ? undefined : { paused, onToggle, onSkip, onLive: playback.stop };
  useHotkeys([
    ['m', () => setMuted((before) => !before)],
    ['f', () => void toggle()],
    ['k', () => recorded?.onToggle()],
    ['j', () => recorded?.onSkip(-10)],
    ['l', () => recorded?.onSkip(10)],
  ]);
  const bar = (
    <PictureBar
      videoRef={isLive ? live.videoRef : recordedRef}
      hasSound={ability?.audio !== undefined}
      muted={muted}
      onMute={setMuted}
      talking={talking}
      onSnapshot={ability?.snapshot && device.state === 'online' ? () => snapshot.mutate() : undefined}
      takingSnapshot={snapshot.isPending}
      fullscreen={fullscreen}
      onFullscreen={() => void toggle()}
      recorded={recorded}
    />
  );
  return (
    <div className={styles.picture}>
      <div className={styles.stage} ref={stageRef}>
        {isLive ? (
          <LiveView device={device} channel={channel} live={live} muted={isSilenced} explains>
            {bar}
          </LiveView>
        ) : (
          <RecordedView playback={playback} videoRef={recordedRef} muted={muted} onTime={onTime} onPaused={setPaused}>
            {bar}
          </RecordedView>
        )}
      </div>
      {talking !== undefined && <TalkNotice status={talking.status} />}
      {snapshot.isError && <ProblemNotice problem={snapshot.error} />}
      {snapshot.data === null && <ProblemNotice problem={undefined} text={t('snapshot.failed')} />}
      {snapshot.data && (
        <Suspense>
          <SnapshotDialog snapshot={snapshot.data} cameraName={camera.name} onClose={snapshot.reset} />
        </Suspense>
      )}
    </div>
  );
}

function togglePlay(video: HTMLVideoElement | null): void {
  if (video === null) return;
  if (video.paused) void video.play();
  else video.pause();
}
