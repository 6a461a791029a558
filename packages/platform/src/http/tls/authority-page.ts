import type { FastifyInstance } from 'fastify';
import { encode } from 'uqr';
import { escapeHtml } from '../escape-html.ts';

export interface AuthorityPageOptions {
  /** Certificate of the authority, PEM. */
  readonly cert: string;
  /** SHA-256 of it, lower-case hex. */
  readonly fingerprint: string;
  /** Origin under which phones of the household reach the platform. */
  readonly publicUrl: () => string;
}

/** Hands out the certificate of the local authority at `/ca.crt`, and says at `/ca` how each system is told to trust it. */
export function registerAuthorityPage(app: FastifyInstance, { cert, fingerprint, publicUrl }: AuthorityPageOptions): void {
  app.get('/ca.crt', { exposeHeadRoute: false }, async (_request, reply) => {
    reply.header('content-disposition', 'attachment; filename="cardea-ca.crt"').header('cache-control', 'no-cache');
    return await reply.type('application/x-x509-ca-cert').send(cert);
  });
  app.get('/ca', { exposeHeadRoute: false }, async (_request, reply) => {
    const page = renderPage({ fingerprint, address: `${publicUrl()}/ca` });
    return await reply.header('cache-control', 'no-cache').type('text/html; charset=utf-8').send(page);
  });
  app.get('/ca/style.css', { exposeHeadRoute: false }, async (_request, reply) => reply.type('text/css').send(STYLE));
}

const systems: readonly { readonly name: string; readonly steps: readonly string[] }[] = [
  {
    name: 'iPhone and iPad',
    steps: [
      'Open this page in Safari, tap “Download the certificate” and allow the download.',
      'Open Settings. At the top, or under General, VPN & Device Management, tap the downloaded profile and install it.',
      'In Settings, General, About, Certificate Trust Settings switch on “Cardea at home”.',
    ],
  },
  {
    name: 'Android',
    steps: [
      'Tap “Download the certificate”.',
      'Open Settings and search for “CA certificate”. Tap it, then “Install anyway”.',
      'Choose the file cardea-ca.crt under Downloads.',
    ],
  },
  {
    name: 'Windows',
    steps: [
      'Download the certificate and open it. Choose “Install Certificate”, then “Local Machine”.',
      'Choose “Place all certificates in the following store” and there “Trusted Root Certification Authorities”.',
      'Close all windows of the browser and open Cardea again.',
    ],
  },
  {
    name: 'Mac',
    steps: [
      'Download the certificate and open it. Keychain Access asks where: choose “System”.',
      'Double-click “Cardea at home” there, open Trust, and choose “Always Trust”.',
    ],
  },
  {
    name: 'Linux',
    steps: [
      'Copy the file to /usr/local/share/ca-certificates/ and run update-ca-certificates as root.',
      'Chrome and Chromium: open chrome://settings/certificates, Authorities, Import, and trust it for websites.',
    ],
  },
  {
    name: 'Firefox, on any of them',
    steps: ['Open Settings, Privacy & Security, View Certificates, Authorities, Import, and trust it for websites.'],
  },
];

function renderPage({ fingerprint, address }: { readonly fingerprint: string; readonly address: string }): string {
  const pairs = (fingerprint.toUpperCase().match(/../g) ?? []).join(' ');
  const guides = systems.map(
    ({ name, steps }) => `<details>
<summary>${escapeHtml(name)}</summary>
<ol>
${steps.map((step) => `<li>${escapeHtml(step)}</li>`).join('\n')}
</ol>
</details>`,
  );
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>Trust this Cardea</title>
<link rel="icon" href="/icon.svg">
<link rel="stylesheet" href="/ca/style.css">
</head>
<body>
<main>
<h1>Trust this Cardea</h1>
<p>Your Cardea made its own certificate, so browsers warn you until they know it. Do this once on each phone and computer;
then the warning is gone, and talking through a camera works.</p>
<p><a class="button" href="/ca.crt">Download the certificate</a></p>
<h2>Is it the right one?</h2>
<p>Whoever you got it from could have changed it on the way. Compare these letters with what your device shows of it,
or with what another device in your home shows on this page.</p>
<p class="print"><span>SHA-256</span> <code>${pairs}</code></p>
<h2>How to install it</h2>
${guides.join('\n')}
<h2>On a phone</h2>
<p>Scan this to open the page there. It leads to <code>${escapeHtml(address)}</code>;
the browser there warns once more before it shows it.</p>
${qrCode(address)}
<p class="muted">The key that goes with the certificate never leaves the machine Cardea runs on. Whoever takes it from there could
pretend to be other sites to devices that trust it: remove the certificate from them if that machine is ever lost.</p>
<p><a href="/">To your cameras</a></p>
</main>
</body>
</html>
`;
}

function qrCode(text: string): string {
  const { data, size } = encode(text, { ecc: 'M', border: 4 });
  const dark = data.flatMap((row, y) => row.flatMap((isDark, x) => (isDark ? [`M${x} ${y}h1v1h-1z`] : [])));
  return `<svg class="qr" viewBox="0 0 ${size} ${size}" shape-rendering="crispEdges" role="img" aria-label="QR code with the address of this page">
<rect width="${size}" height="${size}" fill="#fff"/><path d="${dark.join('')}" fill="#000"/></svg>`;
}

const STYLE = `:root {
  color-scheme: light dark;
  font: 16px/1.5 system-ui, sans-serif;
  color: light-dark(#16181a, #eceef0);
  background: light-dark(#fbfbfa, #101214);
}
body { margin: 0; }
main { max-width: 640px; margin: 0 auto; padding: 24px 16px 48px; }
h1 { margin: 0 0 12px; font-size: 24px; line-height: 32px; }
h2 { margin: 32px 0 8px; font-size: 18px; line-height: 24px; }
p { margin: 0 0 12px; }
a { color: light-dark(#2457d6, #7aa2ff); }
.button {
  display: inline-block;
  padding: 12px 20px;
  border-radius: 8px;
  background: light-dark(#2457d6, #7aa2ff);
  color: light-dark(#fff, #0b1530);
  font-weight: 600;
  text-decoration: none;
}
.print { padding: 12px; border-radius: 8px; background: light-dark(#f2f1ee, #0b0d0e); }
.print span { display: block; font-size: 13px; color: light-dark(#5d6369, #9aa1a8); }
code { font-family: ui-monospace, monospace; font-size: 15px; overflow-wrap: anywhere; }
details { border-bottom: 1px solid light-dark(#e6e5e1, #2a2e33); }
summary { padding: 12px 0; min-height: 20px; font-weight: 600; cursor: pointer; }
ol { margin: 0 0 16px; padding-left: 24px; }
li { margin-bottom: 8px; }
.qr { display: block; width: 220px; max-width: 100%; margin: 0 0 16px; border-radius: 8px; }
.muted { color: light-dark(#5d6369, #9aa1a8); font-size: 14px; }
`;
