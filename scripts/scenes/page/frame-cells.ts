/** Frames of one loop: 60 s at 25 frames a second. */
export const FRAMES_PER_LOOP = 1500;
export const FRAMES_PER_SECOND = 25;

/** Where the cells stand in the 1280x720 picture; other renditions scale all of it alike. */
export const CELL_STRIP = { count: 24, left: 896, top: 704, sizePx: 16 } as const;

/**
 * The cells of one frame from left to right, true = white, most significant bit first:
 * 12 bits frame index, 4 bits scene id, 8 bits checksum (the xor of the two bytes before it).
 * Scene 0 is never used, so an all-black picture reads as no frame.
 */
export function encodeFrameCells(frameIndex: number, sceneId: number): readonly boolean[] {
  const high = (frameIndex >> 4) & 0xff;
  const low = ((frameIndex & 0x0f) << 4) | (sceneId & 0x0f);
  const word = (high << 16) | (low << 8) | (high ^ low);
  return Array.from({ length: CELL_STRIP.count }, (_, index) => ((word >> (CELL_STRIP.count - 1 - index)) & 1) === 1);
}

/** The frame and scene that the cells name, or undefined when checksum, frame index or scene id is not valid. */
export function decodeFrameCells(cells: readonly boolean[]): { frameIndex: number; sceneId: number } | undefined {
  if (cells.length !== CELL_STRIP.count) return undefined;
  const word = cells.reduce((value, cell) => value * 2 + (cell ? 1 : 0), 0);
  const high = (word >> 16) & 0xff;
  const low = (word >> 8) & 0xff;
  const frameIndex = (high << 4) | (low >> 4);
  const sceneId = low & 0x0f;
  return (high ^ low) === (word & 0xff) && sceneId !== 0 && frameIndex < FRAMES_PER_LOOP ? { frameIndex, sceneId } : undefined;
}
