import { useEffect, useMemo, useState } from 'react';
import { useApp } from '../app-context.ts';
import type { Camera } from './camera.ts';
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

/** Moves while keys are held, wherever the focus is, unless it is where one writes. Returns what ends it. */
function followKeys(driver: PtzDriver): () => void {
  const held = new Set<string>();
  const steer = (): void => {
    driver.steer(Object.assign({}, still, ...[...held].map((key) => keyMoves[key])));
  };
  const onDown = (event: KeyboardEvent): void => {
    const key = event.key.toLowerCase();
    if (keyMoves[key] === undefined || event.ctrlKey || event.metaKey || event.altKey || isWriting(event.target)) return;
    if (event.repeat) return;
    held.add(key);
    steer();
  };
  const onUp = (event: KeyboardEvent): void => {
    if (held.delete(event.key.toLowerCase())) steer();
  };
  const onBlur = (): void => {
    if (held.size === 0) return;
    held.clear();
    steer();
  };
  window.addEventListener('keydown', onDown);
  window.addEventListener('keyup', onUp);
  window.addEventListener('blur', onBlur);
  return () => {
    window.removeEventListener('keydown', onDown);
    window.removeEventListener('keyup', onUp);
    window.removeEventListener('blur', onBlur);
    driver.release();
  };
}

function isWriting(target: EventTarget | null): boolean {
  return target instanceof HTMLElement && target.closest('input, textarea, select, [contenteditable], [role=dialog]') !== null;
}
