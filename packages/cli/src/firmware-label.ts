import { readFile } from 'node:fs/promises';

/** What `cardea firmware sign` writes beside an image. */
export interface FirmwareLabel {
  readonly version?: string;
  readonly model?: string;
  /** Lower-case hex. */
  readonly sha256?: string;
  /** Base64. */
  readonly signature?: string;
}

const LINE_FEED = 0x0a;

export function labelPath(imagePath: string): string {
  return `${imagePath}.sig.json`;
}

/** The label of an image; empty when there is none. @throws SyntaxError when it is damaged */
export async function readLabel(imagePath: string): Promise<FirmwareLabel> {
  const text = await readFile(labelPath(imagePath), 'utf8').catch(() => '{}');
  return toLabel(JSON.parse(text));
}

/** What an image says of itself in its first line; empty when it says nothing. */
export function headerOf(image: Uint8Array): Pick<FirmwareLabel, 'version' | 'model'> {
  try {
    const { version, model } = toLabel(JSON.parse(Buffer.from(image.subarray(0, image.indexOf(LINE_FEED))).toString('utf8')));
    return { ...(version !== undefined && { version }), ...(model !== undefined && { model }) };
  } catch {
    return {};
  }
}

function toLabel(value: unknown): FirmwareLabel {
  const members = typeof value === 'object' && value !== null ? Object.entries(value) : [];
  return Object.fromEntries(members.filter((member): member is [string, string] => typeof member[1] === 'string'));
}
