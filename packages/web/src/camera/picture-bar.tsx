import { useIdle } from '@mantine/hooks';
import { type MouseEvent, type PointerEvent, type RefObject, useRef } from 'react';
import { useTranslation } from 'react-i18next';
import { Icon, type IconName } from '../parts/icon.tsx';
import { TalkButton } from '../talk/talk-button.tsx';
import type { Talking } from '../talk/use-talk.ts';
import styles from './picture-bar.module.css';

/** What the controls of a recording do. */
export interface RecordedControls {
  readonly paused: boolean;
  readonly onToggle: () => void;
  /** Seconds on, or back when negative. */
  readonly onSkip: (seconds: number) => void;
  readonly onLive: () => void;
}

export interface PictureBarProps {
  readonly videoRef: RefObject<HTMLVideoElement | null>;
  readonly hasSound: boolean;
  readonly muted: boolean;
  readonly onMute: (muted: boolean) => void;
  /** Speaks through the camera; absent when nobody can. */
  readonly talking: Talking | undefined;
  /** Takes a picture; absent when the camera takes none. */
  readonly onSnapshot: (() => void) | undefined;
  readonly takingSnapshot: boolean;
  readonly fullscreen: boolean;
  readonly onFullscreen: () => void;
  /** Present while a recording is on show. */
  readonly recorded: RecordedControls | undefined;
}

const FADE_AFTER_MS = 3_000;

/** The controls over the picture. They fade when nothing moves, and come back with the first touch. */
export function PictureBar(props: PictureBarProps) {
  const { t } = useTranslation();
  const { videoRef, hasSound, muted, onMute, talking, onSnapshot, takingSnapshot, fullscreen, onFullscreen, recorded } = props;
  const idle = useIdle(FADE_AFTER_MS, { initialState: false });
  const touchedBlind = useRef(false);
  const onPointerDown = ({ pointerType }: PointerEvent): void => {
    touchedBlind.current = idle && pointerType === 'touch';
  };
  // The touch that brings the controls back presses none of them.
  const onClick = (event: MouseEvent): void => {
    if (touchedBlind.current) event.stopPropagation();
    touchedBlind.current = false;
  };
  const button = (icon: IconName, label: string, onClick: () => void, disabled = false) => (
    <button type="button" className={styles.button} aria-label={label} title={label} onClick={onClick} disabled={disabled}>
      <Icon name={icon} />
    </button>
  );
  return (
    <div
      className={styles.bar}
      data-faded={(idle && talking?.status.kind !== 'talking') || undefined}
      role="toolbar"
      aria-label={t('camera.controls')}
      onPointerDownCapture={onPointerDown}
      onClickCapture={onClick}
    >
      {recorded !== undefined && (
        <>
          {button('back10', t('recordings.back10'), () => recorded.onSkip(-10))}
          {recorded.paused
            ? button('play', t('recordings.play'), recorded.onToggle)
            : button('pause', t('recordings.pause'), recorded.onToggle)}
          {button('forward10', t('recordings.forward10'), () => recorded.onSkip(10))}
          <button type="button" className={`${styles.button} ${styles.live}`} onClick={recorded.onLive}>
            {t('camera.backToLive')}
          </button>
        </>
      )}
      {hasSound && button(muted ? 'silent' : 'sound', muted ? t('camera.unmute') : t('camera.mute'), () => onMute(!muted))}
      {talking !== undefined && <TalkButton talking={talking} />}
      <span className={styles.space} />
      {onSnapshot !== undefined && recorded === undefined && button('picture', t('camera.snapshot'), onSnapshot, takingSnapshot)}
      {document.pictureInPictureEnabled && (
        <span className={styles.window}>{button('window', t('camera.pip'), () => void togglePip(videoRef.current))}</span>
      )}
      {document.fullscreenEnabled &&
        button(fullscreen ? 'shrink' : 'grow', fullscreen ? t('camera.leaveFullscreen') : t('camera.fullscreen'), onFullscreen)}
    </div>
  );
}

async function togglePip(video: HTMLVideoElement | null): Promise<void> {
  if (document.pictureInPictureElement !== null) await document.exitPictureInPicture();
  // Without a picture there is nothing to put into the window.
  else await video?.requestPictureInPicture().catch(() => undefined);
}
