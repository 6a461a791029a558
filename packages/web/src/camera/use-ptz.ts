import { useEffect, useMemo, useState } from 'react';
import { useApp } from '../app-context.ts';
import type { Camera } from './camera.ts';
import { followHeldKeys } from './held-keys.ts';
import { PtzDriver, still, type Velocity } from './ptz-driver.ts';

export interface Ptz {
  readonly driver: PtzDriver;
  readonly axes: readonly (keyof Velocity)[];
  /** What the last order met; `undefined` while all is well. */
  readonly problem: unknown;
  readonly maxPresets: number;
}

const KEY_SPEED = 0.6;

const keyMoves: Readonly<Record<string, Partial<Velocity>>> = {
  w: { tilt: KEY_SPEED },
  s: { tilt: -KEY_SPEED },
  a: { pan: -KEY_SPEED },
  d: { pan: KEY_SPEED },
  '+': { zoom: KEY_SPEED },
  '=': { zoom: KEY_SPEED },
  '-': { zoom: -KEY_SPEED },
};

/** What moves a camera, by the panel and by keys; `undefined` when it has no head that moves, and while not `enabled`. */
export function usePtz({ device, channel }: Camera, enabled: boolean): Ptz | undefined {
  const { api, clock } = useApp();
  const [problem, setProblem] = useState<unknown>();
  const ability = device.capabilities?.channels.find((candidate) => candidate.channel === channel)?.ptz;
  const axisList = enabled ? ability?.axes.join(' ') : undefined;
  const driver = useMemo(() => {
    if (axisList === undefined) return undefined;
    return new PtzDriver({
      clock,
      axes: axesIn(axisList),
      send: async (order) => {
        await api.command(device.id, 'ptz.control', { channel, ...order });
        setProblem(undefined);
      },
      onProblem: setProblem,
    });
  }, [api, clock, device.id, channel, axisList]);
  useEffect(() => driver && followKeys(driver), [driver]);
  if (driver === undefined || axisList === undefined) return undefined;
  return { driver, axes: axesIn(axisList), problem, maxPresets: ability?.maxPresets ?? 0 };
}

function axesIn(list: string): readonly (keyof Velocity)[] {
  return (['pan', 'tilt', 'zoom'] as const).filter((axis) => list.split(' ').includes(axis));
}

/** Moves while keys are held. Returns what ends it. */
function followKeys(driver: PtzDriver): () => void {
  const stop = followHeldKeys(Object.keys(keyMoves), (held) => {
    driver.steer(Object.assign({}, still, ...held.map((key) => keyMoves[key])));
  });
  return () => {
    stop();
    driver.release();
  };
}
