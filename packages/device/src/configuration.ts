import { AppError } from '@cardea/core';
import type { ParamsOf, ResultOf, resetDeviceConfiguration, setDeviceConfiguration } from '@cardea/protocol';
import { type ConfigKeyName, configKeys, fitsDevice, isBelow, isConfigKey, keysBelow } from './config-keys.ts';
import type { DeviceStore } from './state/device-store.ts';

export interface ConfigurationOptions {
  readonly store: DeviceStore;
  readonly channels: readonly number[];
  readonly initialName: string;
  readonly hasBattery: boolean;
  /** Keys of a channel that can be read and not set, with their values. */
  readonly facts?: (channel: number) => Readonly<Record<string, unknown>>;
}

/** Keys that changed on one channel; keys of the whole device come with every channel they concern. */
export interface ConfigChange {
  readonly channel: number;
  readonly keys: readonly ConfigKeyName[];
  /** Whether the platform asked for it, or somebody at the device. */
  readonly by: ConfigAuthor;
}

export type ConfigAuthor = 'platform' | 'device';

type Change = ParamsOf<typeof setDeviceConfiguration>;
type Outcome = ResultOf<typeof setDeviceConfiguration>;
type Rejection = NonNullable<Outcome['rejected']>[number];

const FIRST_CHANNEL = 1;

/** The configuration of the device as flat dotted keys with a version (B5.19-21). What was never set has its default. */
export class Configuration {
  private readonly options: ConfigurationOptions;
  private readonly listeners = new Set<(change: ConfigChange) => void>();

  constructor(options: ConfigurationOptions) {
    this.options = options;
  }

  get version(): number {
    return this.options.store.record.configVersion;
  }

  /** Calls `listener` after every change, whoever made it. */
  onChange(listener: (change: ConfigChange) => void): void {
    this.listeners.add(listener);
  }

  text(key: ConfigKeyName, channel = FIRST_CHANNEL): string {
    const value = this.value(key, channel);
    return typeof value === 'string' ? value : '';
  }

  number(key: ConfigKeyName, channel = FIRST_CHANNEL): number {
    const value = this.value(key, channel);
    return typeof value === 'number' ? value : 0;
  }

  flag(key: ConfigKeyName, channel = FIRST_CHANNEL): boolean {
    return this.value(key, channel) === true;
  }

  /** As it was set, or its default. */
  value(key: ConfigKeyName, channel = FIRST_CHANNEL): unknown {
    const stored = this.options.store.record.config[storedKey(key, channel)];
    if (stored !== undefined) return stored;
    if (key === 'device.name') return this.options.initialName;
    // A device that records all the time never sleeps.
    return key === 'record.cloud.mode' && this.options.hasBattery ? 'event' : configKeys[key].initial;
  }

  /** All values, or those of `keys`, each of which may be a prefix. @throws AppError KEY_UNKNOWN | CHANNEL_NOT_FOUND */
  read({
    channel = FIRST_CHANNEL,
    keys,
  }: {
    readonly channel?: number | undefined;
    readonly keys?: readonly string[] | undefined;
  }): Record<string, unknown> {
    this.checkChannel(channel);
    const facts = this.facts(channel);
    const all = {
      ...Object.fromEntries(
        Object.keys(configKeys)
          .filter(isConfigKey)
          .filter((key) => fitsDevice(key, this.options.hasBattery))
          .map((key) => [key, this.value(key, channel)]),
      ),
      ...facts,
    };
    if (keys === undefined) return all;
    const wanted = keys.flatMap((prefix) => {
      const below = Object.keys(all).filter((key) => isBelow(key, prefix));
      if (below.length === 0) throw new AppError('KEY_UNKNOWN', { key: prefix });
      return below;
    });
    return Object.fromEntries(wanted.map((key) => [key, all[key]]));
  }

  /**
   * Changes keys; the answer leaves when they are on disk.
   * @throws AppError VERSION_CONFLICT | CHANNEL_NOT_FOUND | KEY_UNKNOWN | KEY_READ_ONLY | VALUE_INVALID (with `details.key`, nothing changed)
   */
  async change({ channel = FIRST_CHANNEL, ifVersion, patch, atomic = true }: Change, by: ConfigAuthor = 'platform'): Promise<Outcome> {
    this.checkChannel(channel);
    if (ifVersion !== undefined && ifVersion !== this.version) throw new AppError('VERSION_CONFLICT', { version: this.version });
    const accepted: Partial<Record<ConfigKeyName, unknown>> = {};
    const rejected: Rejection[] = [];
    for (const [key, value] of Object.entries(patch)) {
      try {
        if (key in this.facts(channel)) throw new AppError('KEY_READ_ONLY', { key });
        accepted[checked(key, value, this.options.hasBattery)] = value;
      } catch (error) {
        if (atomic) throw error;
        const { code, message } = AppError.from(error);
        rejected.push({ key, code, message });
      }
    }
    const applied = Object.keys(accepted).filter(isConfigKey);
    if (applied.length > 0) await this.write([{ channel, keys: applied, by }], accepted);
    return { version: this.version, applied, ...(rejected.length > 0 && { rejected }) };
  }

  /** Back to defaults: the given keys, or all of one channel, or everything. @throws AppError KEY_UNKNOWN | KEY_READ_ONLY | CHANNEL_NOT_FOUND */
  async reset({ scope, channel, keys = [] }: ParamsOf<typeof resetDeviceConfiguration>): Promise<void> {
    if (channel !== undefined) this.checkChannel(channel);
    const targets = channel === undefined ? this.options.channels : [channel];
    const fact = keys.find((key) => targets.some((target) => key in this.facts(target)));
    if (scope === 'keys' && fact !== undefined) throw new AppError('KEY_READ_ONLY', { key: fact });
    const wanted = scope === 'keys' ? keys.flatMap(known) : Object.keys(configKeys).filter(isConfigKey);
    await this.write(
      targets.map((target) => ({ channel: target, keys: wanted, by: 'platform' })),
      {},
    );
  }

  /** Makes all changes as one version. Keys without a new value go back to their default. */
  private async write(changes: readonly ConfigChange[], values: Partial<Record<ConfigKeyName, unknown>>): Promise<void> {
    const { store } = this.options;
    const config = { ...store.record.config };
    for (const { channel, keys } of changes) {
      for (const key of keys) {
        if (values[key] === undefined) delete config[storedKey(key, channel)];
        else config[storedKey(key, channel)] = values[key];
      }
    }
    await store.update({ config, configVersion: this.version + 1 });
    for (const change of changes) for (const listener of this.listeners) listener(change);
  }

  private facts(channel: number): Readonly<Record<string, unknown>> {
    return this.options.facts?.(channel) ?? {};
  }

  private checkChannel(channel: number): void {
    if (!this.options.channels.includes(channel)) throw new AppError('CHANNEL_NOT_FOUND', { channel });
  }
}

function storedKey(key: ConfigKeyName, channel: number): string {
  return configKeys[key].scope === 'channel' ? `${channel}/${key}` : key;
}

function known(prefix: string): readonly ConfigKeyName[] {
  const keys = keysBelow(prefix);
  if (keys.length === 0) throw new AppError('KEY_UNKNOWN', { key: prefix });
  return keys;
}

function checked(key: string, value: unknown, hasBattery: boolean): ConfigKeyName {
  if (!isConfigKey(key) || !fitsDevice(key, hasBattery)) throw new AppError('KEY_UNKNOWN', { key });
  const rule = configKeys[key];
  if (!rule.accepts(value)) throw new AppError('VALUE_INVALID', { key, allowed: rule.values });
  return key;
}
