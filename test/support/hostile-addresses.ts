/** This machine and others inside, written in every way some parser takes for a host. */
const hosts = [
  ...['127.0.0.1', '127.1', '127.0.1', '2130706433', '0x7f000001', '0x7f.1', '0177.0.0.1', '017700000001', '0', '0.0.0.0', '127.0.0.1.'],
  ...['localhost', 'LOCALHOST', 'localhost.', 'localhost.localdomain', '[::1]', '[::]', '[0:0:0:0:0:0:0:1]', '[::ffff:127.0.0.1]'],
  ...[
    '[::ffff:7f00:1]',
    '127%2e0%2e0%2e1',
    '127。0。0。1',
    '①②⑦.⓪.⓪.①',
    '169.254.169.254',
    '[fd00::1]',
    '[fe80::1]',
    '10.0.0.1',
    'evil.example',
  ],
] as const;
const schemes = ['http', 'https', 'ws', 'wss', 'rtmp', 'rtsp', 'ftp', 'gopher', 'file', 'HTTP'] as const;

/**
 * More than three hundred addresses that are not of the platform at `own` (an origin), all of which some reader would follow
 * to `trap` (host and port) or to a file.
 */
export function hostileAddresses(own: string, trap: string): readonly string[] {
  const { host, hostname, port, protocol } = new URL(own);
  const [, trapPort = ''] = trap.split(':');
  const elsewhere = hosts.flatMap((each) => schemes.map((scheme) => `${scheme}://${each}:${trapPort}/x`));
  const disguised = [
    ...[`${own}@${trap}/`, `http://${hostname}:${port}@${trap}/`, `http://x:y@${trap}/#${own}`, `http://${trap}/?${own}/`],
    ...[`http://${trap}#@${host}/`, `http://${trap}\\@${host}/`, `http://${host}\\@${trap}/`, `http://${host}\\.${trap}/`],
    ...[`http://${host}\t@${trap}/`, `http://${host}\n@${trap}/`, ` http://${host}/`, `http://${host}\r\nHost:${trap}/`, `http:${host}/`],
    ...[`http:///${host}/`, `http:/${host}/`, `http://${host}%2f@${trap}/`, `http://${host}%00.${trap}/`, `http://user@${host}/`],
    ...[`http://user:word@${host}/`, `${own}.${trap}/`, `${own}${trapPort}/`, `http://${hostname}./`, `http://${hostname}:${trapPort}/`],
    ...[`https://${host}/`, `https:${own.slice(protocol.length)}/`, `ftp://${host}/`, `file:///etc/passwd`, `file://${host}/etc/passwd`],
    ...['javascript:fetch("/")', 'data:text/html,x', 'unix:/run/x.sock', `jar:http://${trap}!/x`, `view-source:http://${trap}/`],
    ...[`http://[${hostname}]@${trap}/`, `http://${trap}/\u0000`, `http://${host}\u3002${trap}/`, 'blob:null/x', 'about:blank:x'],
  ];
  return [...elsewhere, ...disguised];
}

const climbs = [
  ...['../', '..%2f', '%2e%2e/', '%2e%2e%2f', '..%252f', '%252e%252e%252f', '..\\', '..%5c', '%2e%2e%5c', '..%c0%af', '..%ef%bc%8f'],
  ...['..;/', '....//', '..././', '%00../', '..%00/', '.%00./', '..%e2%88%95', '%u002e%u002e/', '..%0d%0a/', '.%2e/', '%2e./', '..//'],
] as const;
const goals = ['etc/passwd', 'cardea.db', 'keys/platform.key', 'package.json', 'proc/self/environ'] as const;

/** What comes after a slash in an address, or is a name: five hundred ways out of the directory it should stay in. */
export const hostilePaths: readonly string[] = [
  ...climbs.flatMap((climb) => [1, 2, 5, 12].flatMap((times) => goals.map((goal) => climb.repeat(times) + goal))),
  ...goals.flatMap((goal) => [
    `/${goal}`,
    `//${goal}`,
    `%2f${goal}`,
    `file:///${goal}`,
    `~/${goal}`,
    `C:\\${goal}`,
    `\\\\x\\${goal}`,
    `${goal}%00.jpg`,
  ]),
];
