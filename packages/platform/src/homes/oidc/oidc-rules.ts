import { AppError } from '@cardea/core';
import type { IDToken } from 'openid-client';

/** Who may log in through the provider, and who of them runs the platform. */
export interface OidcRules {
  /** Domains of verified e-mail addresses that may log in; empty: all. */
  readonly allowedDomains: readonly string[];
  /** Domains of verified e-mail addresses whose users run the platform; empty: the domain says nothing. */
  readonly operatorDomains: readonly string[];
  /** `NAME=VALUE`: a claim whose users run the platform; empty: no claim says so. With `operatorDomains` both must hold. */
  readonly operatorClaim: string;
}

/** Lower case; `undefined` unless the provider verified it. */
export function verifiedEmail({ email, email_verified: isVerified }: IDToken): string | undefined {
  return typeof email === 'string' && isVerified === true ? email.toLowerCase() : undefined;
}

/** @throws AppError FORBIDDEN for an account whose address is of another domain, or not verified */
export function assertAllowed(claims: IDToken, { allowedDomains }: OidcRules): void {
  if (allowedDomains.length > 0 && !isOf(allowedDomains, claims)) throw refused('notAllowed', 'this account may not log in here');
}

/** `undefined` where the provider has no say in it. */
export function isOperator(claims: IDToken, { operatorClaim, operatorDomains }: OidcRules): boolean | undefined {
  if (operatorClaim === '' && operatorDomains.length === 0) return undefined;
  const [, name = '', value = ''] = /^([^=]+)=(.*)$/.exec(operatorClaim) ?? [];
  const given = claims[name];
  const hasClaim = operatorClaim === '' || given === value || (Array.isArray(given) && given.includes(value));
  return hasClaim && (operatorDomains.length === 0 || isOf(operatorDomains, claims));
}

export function refused(reason: 'notAllowed' | 'notLinked' | 'linkFirst', message: string): AppError {
  return new AppError('FORBIDDEN', { reason }, { message });
}

function isOf(domains: readonly string[], claims: IDToken): boolean {
  const domain = verifiedEmail(claims)?.split('@').at(-1);
  return domains.some((allowed) => allowed.toLowerCase() === domain);
}
