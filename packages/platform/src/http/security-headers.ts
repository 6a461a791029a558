import type { FastifyInstance } from 'fastify';

const POLICY = [
  "default-src 'self'",
  "img-src 'self' data: blob:",
  "media-src 'self' blob:",
  "object-src 'none'",
  "base-uri 'none'",
  "form-action 'self'",
  "frame-ancestors 'none'",
  // No text becomes code or markup in a page: the app has no place for it, and may make none.
  "require-trusted-types-for 'script'",
  "trusted-types 'none'",
].join('; ');

const HEADERS = {
  'content-security-policy': POLICY,
  'x-content-type-options': 'nosniff',
  'referrer-policy': 'no-referrer',
  'cross-origin-opener-policy': 'same-origin',
  'cross-origin-resource-policy': 'same-origin',
  'permissions-policy': 'camera=(), geolocation=(), microphone=(self), payment=(), usb=()',
};

/**
 * Puts the headers on every answer that keep other pages away from ours: nothing is loaded from elsewhere, no inline script
 * or style, no framing, no referrer. Over https browsers are told to stay there.
 */
export function registerSecurityHeaders(
  app: FastifyInstance,
  {
    publicUrl,
    mediaUrls,
  }: {
    readonly publicUrl: () => string;
    /** Origins of the servers of the platform from which pages fetch live media, besides their own. */
    readonly mediaUrls: () => readonly string[];
  },
): void {
  app.addHook('onRequest', async (_request, reply) => {
    reply.headers(HEADERS);
    const media = mediaUrls().flatMap((origin) => [origin, origin.replace(/^http/, 'ws')]);
    if (media.length > 0) reply.header('content-security-policy', `${POLICY}; connect-src 'self' ${media.join(' ')}`);
    if (publicUrl().startsWith('https:')) reply.header('strict-transport-security', 'max-age=31536000');
  });
}
