import { ApiProblem, followEvents, type Segment, type StreamEvent } from '@cardea/api';
import { type QueryClient, useQueryClient } from '@tanstack/react-query';
import { useEffect, useState } from 'react';
import { hourStart } from '../recordings/hours.ts';
import { type Device, forgetUser, keys } from './queries.ts';

/** Keeps what was read fresh while the page is open. `false` while the connection is lost. */
export function useEventStream(): boolean {
  const queries = useQueryClient();
  const [connected, setConnected] = useState(true);
  useEffect(() => {
    const end = new AbortController();
    let wasLost = false;
    followEvents({
      baseUrl: '',
      signal: end.signal,
      onEvent: (event) => take(queries, event),
      onState: (state) => {
        setConnected(state === 'connected');
        if (state === 'connected' && wasLost) void queries.invalidateQueries({ queryKey: keys.devices });
        wasLost = state === 'waiting';
      },
    }).catch((error: unknown) => {
      if (error instanceof ApiProblem && error.status === 401) forgetUser(queries);
      else setConnected(false);
    });
    return () => end.abort();
  }, [queries]);
  return connected;
}

function take(queries: QueryClient, event: StreamEvent): void {
  switch (event.type) {
    case 'device':
      queries.setQueryData<readonly Device[]>(keys.devices, (devices) => devices && withDevice(devices, event.data));
      break;
    case 'segment':
      if (!('removed' in event.data)) addSegment(queries, event.data);
      else void queries.invalidateQueries({ queryKey: ['segments', event.data.deviceId] });
      break;
    case 'alarm':
      if (event.data.kind === 'alarm') void queries.invalidateQueries({ queryKey: ['alarms', event.data.deviceId] });
      break;
    case 'reset':
      void queries.invalidateQueries();
      break;
    default:
  }
}

/** The list with one device renewed or added. */
export function withDevice(devices: readonly Device[], device: Device): readonly Device[] {
  const known = devices.some(({ id }) => id === device.id);
  return known ? devices.map((other) => (other.id === device.id ? device : other)) : [...devices, device];
}

function addSegment(queries: QueryClient, segment: Segment): void {
  const hours = [segment.startAt, segment.endAt].map((instant) => hourStart(instant));
  for (const fromMs of new Set(hours)) {
    const key = keys.segments(segment.deviceId, segment.channel, fromMs);
    queries.setQueryData<readonly Segment[]>(key, (known) => known && withSegment(known, segment));
  }
}

/** The list with one recording added, by time. */
export function withSegment(known: readonly Segment[], segment: Segment): readonly Segment[] {
  return [...known.filter(({ id }) => id !== segment.id), segment].sort((a, b) => a.startAt - b.startAt);
}
