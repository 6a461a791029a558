import { join } from 'node:path';
import type { Clock, Logger } from '@cardea/core';
import { conforms, getPtzPresetList, PtzPosition, validateResult } from '@cardea/protocol';
import { readFileIfPresent, writeFileDurably } from '../state/durable-file.ts';
import { type HeadMemory, PtzHead } from './ptz-head.ts';

const FILE = 'ptz.json';

export interface OpenHeadOptions {
  readonly clock: Clock;
  readonly logger: Logger;
  readonly stateDirectory?: string;
}

/** A head that knows its presets from before, when `stateDirectory` is given. */
export async function openHead({ clock, logger, stateDirectory }: OpenHeadOptions): Promise<PtzHead> {
  if (stateDirectory === undefined) return new PtzHead({ clock, logger });
  const path = join(stateDirectory, FILE);
  let writing = Promise.resolve();
  const remember = (memory: HeadMemory): Promise<void> => {
    const write = writing.then(() => writeFileDurably(path, JSON.stringify(memory)));
    writing = write.catch(() => {});
    return write;
  };
  return new PtzHead({ clock, logger, memory: decode(await readFileIfPresent(path), logger), remember });
}

function decode(text: string | undefined, logger: Logger): HeadMemory | undefined {
  if (text === undefined) return undefined;
  const value = parse(text);
  const list = validateResult(getPtzPresetList, { presets: value.presets, max: 0 });
  const { home } = value;
  if (list.ok && conforms(PtzPosition, home)) return { presets: list.value.presets, home };
  logger.warn({ file: FILE }, 'unreadable presets are ignored');
  return undefined;
}

function parse(text: string): Readonly<Record<string, unknown>> {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === 'object' && value !== null ? { ...value } : {};
  } catch {
    return {};
  }
}
