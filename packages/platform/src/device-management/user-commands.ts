import { AppError, type Random } from '@cardea/core';
import { type RpcDefinition, type VdMethod, validateParams, vdLimits, vdMessageOf } from '@cardea/protocol';
import type { Authorizer } from '../authorization/authorizer.ts';
import type { DeviceProof } from '../authorization/proof.ts';
import type { DeviceCommander } from './device-commander.ts';
import type { CommandAudit } from './ports.ts';

export type CommandParams = Readonly<Record<string, unknown>>;

/**
 * Makes the members of a command that name addresses, tickets and the like, for a user who left them out. Gets what the
 * user gave and the names that are missing; returns the members it makes or replaces. @throws AppError to refuse what was given
 */
export type CommandFiller = (command: {
  readonly proof: DeviceProof;
  readonly params: CommandParams;
  readonly missing: readonly string[];
}) => Promise<CommandParams>;

/** Is told of a command that was completed and then refused: what was made for it is not needed. */
export type RefusalListener = (command: {
  readonly proof: DeviceProof;
  readonly params: CommandParams;
  readonly error: AppError;
}) => Promise<void>;

/** By method. */
export type RefusalListeners = Readonly<Partial<Record<VdMethod, RefusalListener>>>;

/** By method. */
export type CommandFillers = Readonly<Partial<Record<VdMethod, CommandFiller>>>;

export interface UserCommandsOptions {
  readonly commander: DeviceCommander;
  readonly authorizer: Authorizer;
  readonly random: Random;
  readonly fillers: CommandFillers;
  readonly onRefused?: RefusalListeners;
  readonly audit: CommandAudit;
  /** `scheme://host[:port]` of every address of the platform a user may name. */
  readonly ownOrigins: () => readonly string[];
}

/** Ids that only have to be new. */
const mintedMembers: ReadonlySet<string> = new Set(['taskId', 'sessionId', 'eventId']);
/** Room for the envelope around the params. */
const ENVELOPE_BYTES = 256;

/** Vd messages sent by users: checked, completed, and free of addresses that are not ours. */
export class UserCommands {
  private readonly options: UserCommandsOptions;

  constructor(options: UserCommandsOptions) {
    this.options = options;
  }

  /**
   * Sends the Vd message `method` and resolves with its result.
   * @throws AppError METHOD_NOT_FOUND | INVALID_PARAMS | TOO_LARGE | FORBIDDEN (with `stepUp`, or for an address that is not
   * ours) | as `DeviceCommander.call`
   */
  async call(
    proof: DeviceProof,
    method: string,
    params: CommandParams,
    { signal }: { readonly signal?: AbortSignal } = {},
  ): Promise<unknown> {
    const definition = vdMessageOf(method);
    if (definition?.sender !== 'platform') throw new AppError('METHOD_NOT_FOUND', { method });
    if (definition.destructive === true) this.options.authorizer.assertFresh(proof.principal);
    this.assertOwnAddresses(definition, params);
    const checked = validateParams(definition, await this.complete(definition, proof, params));
    if (!checked.ok) throw new AppError('INVALID_PARAMS', { problems: checked.problems });
    const sizeBytes = Buffer.byteLength(JSON.stringify(checked.value)) + ENVELOPE_BYTES;
    if (sizeBytes > vdLimits.maxMessageBytes) throw new AppError('TOO_LARGE', { maxBytes: vdLimits.maxMessageBytes });
    await this.writeDown(definition, proof, checked.value);
    try {
      return await this.options.commander.call(proof.deviceId, definition, checked.value, { ...(signal && { signal }) });
    } catch (error) {
      await this.options.onRefused?.[definition.method]?.({ proof, params: { ...checked.value }, error: AppError.from(error) });
      throw error;
    }
  }

  /** Before it is sent, so that nothing was done without a trace. What only reads and never wakes a device leaves none. */
  private async writeDown(definition: RpcDefinition, { principal, homeId, deviceId }: DeviceProof, params: object): Promise<void> {
    if (definition.delivery === 'online') return;
    await this.options.audit.record({
      action: `command:${definition.method}`,
      userId: principal.userId,
      homeId,
      deviceId,
      detail: detailOf(params),
    });
  }

  private async complete(
    definition: RpcDefinition & { readonly method: VdMethod },
    proof: DeviceProof,
    params: CommandParams,
  ): Promise<CommandParams> {
    const missing = definition.platformFills?.filter((member) => params[member] === undefined) ?? [];
    const { fillers, random } = this.options;
    const minted = Object.fromEntries(missing.filter((member) => mintedMembers.has(member)).map((member) => [member, random.ulid()]));
    const given = { ...params, ...minted };
    const left = missing.filter((member) => !mintedMembers.has(member));
    return { ...given, ...(await fillers[definition.method]?.({ proof, params: given, missing: left })) };
  }

  /** A device opens what it is told to, so an address of the user's choice would make it the user's tool. */
  private assertOwnAddresses(definition: RpcDefinition, params: CommandParams): void {
    const own = new Set(this.options.ownOrigins());
    for (const member of definition.platformFills ?? []) {
      for (const address of addressesIn(params[member])) {
        if (!own.has(originOf(address))) throw foreignAddress(definition, member);
      }
    }
  }
}

/** Members that say what was done, not what was set: values may be anybody's secrets. */
const told = ['channel', 'action', 'scope', 'keys', 'taskId', 'sessionId', 'diskId', 'version', 'startAt', 'endAt'];

function detailOf(params: object): Readonly<Record<string, unknown>> {
  const detail = Object.fromEntries(Object.entries(params).filter(([name]) => told.includes(name)));
  const patch: unknown = 'patch' in params ? params.patch : undefined;
  return typeof patch === 'object' && patch !== null ? { ...detail, keys: Object.keys(patch) } : detail;
}

function foreignAddress(definition: RpcDefinition, member: string): AppError {
  const status = definition.errors.includes('URL_INVALID') ? 'URL_INVALID' : 'FORBIDDEN';
  return new AppError(status, { member }, { message: 'the address is not one of this platform', httpStatus: 422 });
}

function addressesIn(value: unknown): readonly string[] {
  if (typeof value === 'string') return value.includes(':') ? [value] : [];
  return typeof value === 'object' && value !== null ? Object.values(value).flatMap(addressesIn) : [];
}

/**
 * `URL.origin` is `null` for schemes browsers do not know. An address that is written in another way than it is read here, such
 * as `http://ours\@theirs/`, may be read in another way by a camera, and is of no origin; so is one with a user in it.
 */
function originOf(address: string): string {
  const url = URL.parse(address);
  const isPlain = url !== null && url.username === '' && url.password === '' && [address, `${address}/`].includes(url.href);
  return isPlain ? `${url.protocol}//${url.host}` : address;
}
