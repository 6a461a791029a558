import { Button, Skeleton } from '@mantine/core';
import { useHotkeys } from '@mantine/hooks';
import { useQuery } from '@tanstack/react-query';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { Link } from 'react-router';
import { timelineQuery, useDevices } from '../api/queries.ts';
import { useApp } from '../app-context.ts';
import { bestStream, type Camera, camerasOf } from '../camera/camera.ts';
import { EmptyState } from '../parts/empty-state.tsx';
import { Icon } from '../parts/icon.tsx';
import { Page } from '../parts/page.tsx';
import { ProblemNotice } from '../parts/problem-notice.tsx';
import { gapsOf, videoOf } from '../recordings/coverage.ts';
import { DayPicker } from '../recordings/day-picker.tsx';
import { HourBand } from '../recordings/hour-band.tsx';
import { addDays, dayStart, hourStart } from '../recordings/hours.ts';
import { HoursRow } from '../recordings/hours-row.tsx';
import { ScrubPicture } from '../recordings/scrub-picture.tsx';
import { clockText } from '../time-text.ts';
import { FollowingView } from '../timeline/following-view.tsx';
import { PlayClock } from '../timeline/play-clock.ts';
import styles from '../timeline/timeline-page.module.css';
import { useNow } from '../use-now.ts';

const HOUR_MS = 3_600_000;
/** What is newer may still be on its way. */
const NEWEST_MS = 60_000;
const NOW_STEP_MS = 500;
/** A browser does not decode more at once in comfort. */
const MAX_CAMERAS = 9;

/** What all cameras recorded at one time, side by side on one clock. */
export function TimelinePage() {
  const { t } = useTranslation();
  const devices = useDevices();
  const cameras = (devices.data ?? []).flatMap(camerasOf).slice(0, MAX_CAMERAS);
  return (
    <Page title={t('timeline.title')} lead={t('timeline.lead')}>
      {devices.isPending && <Skeleton h={240} radius={12} />}
      {devices.isError && <ProblemNotice problem={devices.error} onRetry={() => void devices.refetch()} />}
      {devices.data && cameras.length === 0 && (
        <EmptyState icon="camera" title={t('timeline.emptyTitle')} hint={t('timeline.emptyHint')}>
          <Link to="/">{t('app.toHome')}</Link>
        </EmptyState>
      )}
      {cameras.length > 0 && <Together cameras={cameras} />}
    </Page>
  );
}

function Together({ cameras }: { readonly cameras: readonly Camera[] }) {
  const { t } = useTranslation();
  const { clock } = useApp();
  const now = useNow(NOW_STEP_MS);
  const [playClock] = useState(() => new PlayClock(clock, clock.nowMs() - NEWEST_MS));
  const at = Math.min(playClock.instant, now);
  const hour = hourStart(at);
  const [, redraw] = useState(0);
  const pick = (instant: number): void => {
    playClock.moveTo(Math.min(instant, clock.nowMs() - NEWEST_MS));
    redraw((count) => count + 1);
  };
  const toggle = (): void => {
    if (playClock.playing) playClock.pause();
    else playClock.play();
    redraw((count) => count + 1);
  };
  useHotkeys([
    ['k', toggle],
    ['j', () => pick(playClock.instant - 10_000)],
    ['l', () => pick(playClock.instant + 10_000)],
  ]);
  const pickDay = (day: number): void => pick(day + (at - dayStart(at)));
  return (
    <>
      <div className={styles.views}>
        {cameras.map((camera) => (
          <FollowingView key={`${camera.device.id} ${camera.channel}`} camera={camera} playClock={playClock} />
        ))}
      </div>
      <div className={styles.controls}>
        <Button size="md" leftSection={<Icon name={playClock.playing ? 'pause' : 'play'} size={18} />} onClick={toggle}>
          {playClock.playing ? t('recordings.pause') : t('recordings.play')}
        </Button>
        <output aria-label={t('recordings.position')}>{clockText(at)}</output>
        <DayPicker day={dayStart(at)} today={dayStart(now)} onPick={pickDay} onStep={(days) => pickDay(addDays(at, days))} />
      </div>
      <HoursRow hour={hour} now={now} onPick={(chosen) => pick(chosen + (at - hour))} />
      {cameras.map((camera) => (
        <CameraBand key={`${camera.device.id} ${camera.channel}`} camera={camera} hour={hour} at={at} onPick={pick} />
      ))}
    </>
  );
}

interface CameraBandProps {
  readonly camera: Camera;
  readonly hour: number;
  readonly at: number;
  readonly onPick: (instant: number) => void;
}

function CameraBand({ camera, hour, at, onPick }: CameraBandProps) {
  const { device, channel, name } = camera;
  const { api } = useApp();
  const timeline = useQuery(timelineQuery(api, { deviceId: device.id, channel, fromMs: hour, toMs: hour + HOUR_MS }));
  return (
    <section className={styles.camera}>
      <h2>{name}</h2>
      <HourBand
        span={{ from: hour, to: hour + HOUR_MS }}
        spans={videoOf(timeline.data?.spans ?? [])}
        gaps={gapsOf(timeline.data?.spans ?? [])}
        at={at}
        onPick={onPick}
        pictureOf={(instant) => <ScrubPicture deviceId={device.id} channel={channel} stream={bestStream(camera)} at={instant} />}
      />
    </section>
  );
}
