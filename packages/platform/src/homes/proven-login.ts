import type { BetterAuthPlugin } from 'better-auth';
import { createAuthEndpoint } from 'better-auth/api';
import { setSessionCookie } from 'better-auth/cookies';

const body: { readonly userId: string } = { userId: '' };

/** Logs in a user who proved who they are to us: with a passkey, or at another provider. A server function; no route leads to it. */
export const provenLogin = {
  id: 'proven-login',
  endpoints: {
    logInProven: createAuthEndpoint.serverOnly({ method: 'POST', metadata: { $Infer: { body } } }, async (context) => {
      const { userId } = context.body;
      const { internalAdapter } = context.context;
      const user = await internalAdapter.findUserById(userId);
      if (user === null) throw context.error('UNAUTHORIZED');
      await setSessionCookie(context, { session: await internalAdapter.createSession(userId), user });
      return { userId };
    }),
  },
} satisfies BetterAuthPlugin;
