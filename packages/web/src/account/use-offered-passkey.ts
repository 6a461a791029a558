import { WebAuthnAbortService } from '@simplewebauthn/browser';
import { useEffect } from 'react';
import type { User } from '../api/queries.ts';
import { useApp } from '../app-context.ts';
import { canOfferPasskeys, logInWithPasskey } from './passkey.ts';

/** A question counts for five minutes; the page may stand open longer. */
const RENEW_MS = 4 * 60_000;

/** Has the browser offer passkeys in the field of the e-mail address, while the page is open. */
export function useOfferedPasskey(onLogin: (user: User) => void, { paused }: { readonly paused: boolean }): void {
  const { api, clock } = useApp();
  useEffect(() => {
    if (paused) return;
    let open = true;
    // A new question takes the place of the one before. Who wants a passkey and fails has the button, which says why.
    const offer = async (): Promise<void> => {
      if (!(await canOfferPasskeys()) || !open) return;
      const user = await logInWithPasskey(api, { offer: true });
      if (open) onLogin(user);
    };
    const ignore = (): void => {};
    offer().catch(ignore);
    const renewal = clock.every(RENEW_MS, () => void offer().catch(ignore));
    return () => {
      open = false;
      renewal[Symbol.dispose]();
      WebAuthnAbortService.cancelCeremony();
    };
  }, [api, clock, onLogin, paused]);
}
