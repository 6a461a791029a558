const families: readonly (readonly [RegExp, string])[] = [
  [/^(hvc1|hev1)/, 'H.265'],
  [/^(avc1|avc3)/, 'H.264'],
  [/^av01/, 'AV1'],
  [/^vp09/, 'VP9'],
  [/^mp4a/, 'AAC'],
  [/^opus$/i, 'Opus'],
];

/** What people call the codecs in a MIME type: `video/mp4; codecs="hvc1.1.6.L93,mp4a.40.2"` gives `H.265, AAC`. */
export function codecNames(mime: string): string {
  const codecs = /codecs="?([^";]*)/.exec(mime)?.[1] ?? '';
  const names = codecs
    .split(',')
    .map((codec) => codec.trim())
    .filter((codec) => codec !== '');
  return names.map((codec) => families.find(([pattern]) => pattern.test(codec))?.[1] ?? codec).join(', ') || mime;
}

/** The same for the first codec, which is that of the picture. */
export function videoCodecName(mime: string): string {
  return codecNames(mime).split(', ')[0] ?? mime;
}
