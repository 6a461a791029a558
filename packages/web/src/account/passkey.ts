import type { Client } from '@cardea/api';
import { browserSupportsWebAuthn, browserSupportsWebAuthnAutofill, startAuthentication, startRegistration } from '@simplewebauthn/browser';
import type { Passkey, User } from '../api/queries.ts';

/** Browsers make passkeys for host names alone, and only over https or on the own machine (WebAuthn Level 3, 5.1.3). */
export function canUsePasskeys(): boolean {
  return isSecureContext && browserSupportsWebAuthn() && !isAddress(location.hostname);
}

export function isAddress(hostname: string): boolean {
  return /^[\d.]+$/.test(hostname) || hostname.includes(':');
}

/** Whether the browser offers passkeys in the field of the e-mail address. */
export async function canOfferPasskeys(): Promise<boolean> {
  return canUsePasskeys() && (await browserSupportsWebAuthnAutofill());
}

/**
 * Logs in with a passkey.
 * @param offer waits until the user picks one in the field of the e-mail address, instead of asking at once
 * @throws ApiProblem; Error when the user says no, or another question takes the place of this one
 */
export async function logInWithPasskey(api: Client, { offer = false }: { readonly offer?: boolean } = {}): Promise<User> {
  const optionsJSON = await api.call('session.askPasskey');
  const body = await startAuthentication({ optionsJSON, useBrowserAutofill: offer });
  return (await api.call('session.createWithPasskey', { body })).user;
}

/** Makes a passkey in this device. @throws ApiProblem, with `stepUp` where a fresh login is needed; Error when the user says no */
export async function makePasskey(api: Client, name: string): Promise<Passkey> {
  const optionsJSON = await api.call('passkey.begin');
  const credential = await startRegistration({ optionsJSON });
  return await api.call('passkey.create', { body: { name, credential } });
}

/** The user said no, or took too long: nothing went wrong. */
export function isDeclined(error: Error): boolean {
  return error.name === 'NotAllowedError' || error.name === 'AbortError';
}
