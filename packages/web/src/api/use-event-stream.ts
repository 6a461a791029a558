import { ApiProblem, followEvents, type RemovedSegment, type Segment, type StreamEvent } from '@cardea/api';
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
      onSegment(queries, event.data);
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

function onSegment(queries: QueryClient, segment: Segment | RemovedSegment): void {
  if ('removed' in segment) return void queries.invalidateQueries({ queryKey: ['timeline', segment.deviceId] });
  for (const instant of new Set([segment.startAt, segment.endAt].map(hourStart))) {
    void queries.invalidateQueries({ queryKey: keys.timeline(segment.deviceId, segment.channel, instant) });
  }
}
