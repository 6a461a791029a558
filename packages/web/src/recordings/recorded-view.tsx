import type { RecipientKey } from '@cardea/media';
import { type ReactNode, type RefObject, useEffect, useRef, useState } from 'react';
import { useTranslation } from 'react-i18next';
import { useApp } from '../app-context.ts';
import live from '../player/live-view.module.css';
import badge from '../player/state-badge.module.css';
import { useRatio } from '../player/use-ratio.ts';
import { clockText, durationText, momentText } from '../time-text.ts';
import { EncryptedPlayer, whyNotOpened } from './encrypted-player.ts';
import { KeyForm } from './key-form.tsx';
import { RecordedPlayer } from './recorded-player.ts';
import styles from './recorded-view.module.css';
import { useOpenedKeys } from './use-opened-keys.ts';
import type { Playback } from './use-playback.ts';
import { playlistAddress } from './vod-address.ts';

export interface RecordedViewProps {
  readonly playback: Playback;
  readonly videoRef: RefObject<HTMLVideoElement | null>;
  readonly muted: boolean;
  readonly onTime: (instant: number) => void;
  readonly onPaused: (paused: boolean) => void;
  /** Lies over the picture. */
  readonly children?: ReactNode;
}

/** So much is loaded at once; the playback goes on by itself. */
const RANGE_MS = 6 * 3_600_000;
/** What is newer than this may still come. */
const NEWEST_MS = 60_000;

type Note =
  | { readonly kind: 'gap'; readonly lengthMs: number; readonly goesOnAt: number }
  /** `locked`: only the keys of somebody open it; `others`: those at hand do not. */
  | { readonly kind: 'ended' | 'failed' | 'changed' | 'locked' | 'others' };

/** Plays recordings one after the other, over whatever is missing between them. */
export function RecordedView({ playback, videoRef, muted, onTime, onPaused, children }: RecordedViewProps) {
  const { t } = useTranslation();
  const { api, clock } = useApp();
  const { wish, playAt, deviceId, channel, stream } = playback;
  const ratio = useRatio();
  const player = useRef<RecordedPlayer>(undefined);
  const encrypted = useRef<EncryptedPlayer>(undefined);
  const { opened: keys, add: addKey } = useOpenedKeys();
  const loadedTo = useRef(0);
  const [note, setNote] = useState<Note>();
  const [notedWish, setNotedWish] = useState(wish);
  // What was noted holds of one wish: the effects of the next one must not see it.
  if (notedWish !== wish) {
    setNotedWish(wish);
    setNote(undefined);
  }
  const [instant, setInstant] = useState(wish?.from ?? 0);

  useEffect(() => {
    const video = videoRef.current;
    if (video === null) return;
    const opened = new RecordedPlayer(video, {
      onGap: (lengthMs, goesOnAt) => setNote({ kind: 'gap', lengthMs, goesOnAt }),
      onNothing: () => {
        if (loadedTo.current < clock.nowMs()) playAt(loadedTo.current);
        else setNote({ kind: 'ended' });
      },
      onEncrypted: () => setNote({ kind: 'locked' }),
      onFailed: () => setNote({ kind: 'failed' }),
    });
    player.current = opened;
    return () => opened.close();
  }, [videoRef, clock, playAt]);

  useEffect(() => {
    const video = videoRef.current;
    if (wish === undefined || video === null || player.current === undefined) return;
    const play = (): void => void video.play().catch(() => onPaused(video.paused));
    if (player.current.seek(wish.from)) return play();
    loadedTo.current = wish.from + RANGE_MS;
    const range = { deviceId, channel, from: wish.from, to: loadedTo.current };
    player.current.load(playlistAddress(range)).then(play, () => setNote({ kind: 'failed' }));
  }, [wish, videoRef, onPaused, deviceId, channel]);

  const isLocked = note?.kind === 'locked';
  useEffect(() => {
    const video = videoRef.current;
    if (!isLocked || keys.length === 0 || wish === undefined || video === null) return;
    player.current?.close();
    const opened = new EncryptedPlayer(video, { api, keys });
    encrypted.current = opened;
    opened.play({ deviceId, channel, stream }, wish.from).then(
      (plays) => (plays ? void video.play().catch(() => onPaused(video.paused)) : setNote({ kind: 'failed' })),
      (error: unknown) => setNote({ kind: whyNotOpened(error) }),
    );
    return () => {
      opened.close();
      encrypted.current = undefined;
    };
  }, [isLocked, keys, wish, videoRef, api, onPaused, deviceId, channel, stream]);

  const onTimeUpdate = (): void => {
    const at = encrypted.current?.instant ?? player.current?.instant;
    if (at === undefined) return;
    setInstant(at);
    onTime(at);
    if (note?.kind === 'gap' && Math.abs(at - note.goesOnAt) > NOTE_SHOWN_MS) setNote(undefined);
  };
  const onEnded = (): void => {
    const opened = encrypted.current;
    if (opened === undefined) {
      goOn(player.current?.end);
      return;
    }
    opened.next().then(
      (plays) => (plays ? void videoRef.current?.play() : goOn(opened.end)),
      (error: unknown) => setNote({ kind: whyNotOpened(error) }),
    );
  };
  const goOn = (end: number | undefined): void => {
    if (end === undefined || end > clock.nowMs() - NEWEST_MS) setNote({ kind: 'ended' });
    else playAt(end);
  };
  const wantsKey = note?.kind === 'others' || (isLocked && keys.length === 0);
  const onKey = (key: RecipientKey): void => {
    addKey(key);
    setNote({ kind: 'locked' });
  };
  return (
    <div className={wantsKey ? `${live.stage} ${styles.asking}` : live.stage} style={ratio.style}>
      <video
        ref={videoRef}
        className={live.picture}
        playsInline
        muted={muted}
        onLoadedMetadata={ratio.onSize}
        onTimeUpdate={onTimeUpdate}
        onPlay={() => onPaused(false)}
        onPause={() => onPaused(true)}
        onEnded={onEnded}
      />
      {children}
      <div className={live.top}>
        <span className={badge.badge}>
          {t('picture.recorded')} · {momentText(instant, clock.nowMs())}
        </span>
      </div>
      {wantsKey && <KeyForm wantsAnother={note?.kind === 'others'} onKey={onKey} />}
      <p className={styles.note} role="status">
        {note?.kind === 'changed' && t('recordings.changed')}
        {note?.kind === 'failed' && t('recordings.unplayable')}
        {note?.kind === 'ended' && t('recordings.ended')}
        {note?.kind === 'gap' && t('recordings.jumped', { amount: durationText(note.lengthMs), time: clockText(note.goesOnAt) })}
      </p>
    </div>
  );
}

const NOTE_SHOWN_MS = 8_000;
