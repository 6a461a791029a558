/** Id of the wire profile, in `profiles` of a schedule request and in `CapabilitySet`. */
export const PROFILE = 'hss-open-1';

/** Paths below the origin of each interface; base addresses handed to devices end in these. */
export const paths = { vs: '/vs/v1', vd: '/vd/v1', vm: '/vm/v1', vr: '/vr/v1' } as const;

/** WebSocket subprotocols; a connection that offers none of them is refused with VERSION_UNSUPPORTED. */
export const subprotocols = { vd: 'hss.vd.v1.json', vm: 'hss.vm.v1' } as const;

/** Query parameter the device appends to a Vd address, which may not hold it yet. */
export const DEVICE_ID_PARAMETER = 'deviceId';

/** Signature algorithm of identity proofs and of the tokens the platform mints; no other one is accepted. */
export const TOKEN_ALGORITHM = 'EdDSA';

/** Claim `aud` of each kind of token: a token works only for the interface it was minted for. */
export const tokenAudiences = { vs: 'vs', vd: 'vd', vm: 'vm', vr: 'vr', view: 'view', upload: 'upload' } as const;
export type TokenAudience = keyof typeof tokenAudiences;

/**
 * The address of an HTTPS exchange of Vs or Vr.
 * `baseUrl` is the base address as handed out, ending in `/vs/v1` or `/vr/v1`; `path` is that of the definition, whose
 * `{parameters}` are filled from `parameters`, percent-encoded.
 */
export function resolveAddress(baseUrl: string, path: string, parameters: Readonly<Record<string, string>> = {}): string {
  const filled = path.replace(/\{(\w+)\}/g, (_, name: string) => encodeURIComponent(parameters[name] ?? ''));
  const version = Object.values(paths).find((candidate) => filled.startsWith(`${candidate}/`)) ?? '';
  return baseUrl.replace(/\/+$/, '') + filled.slice(version.length);
}
