/** Bounds on what a parser of this package takes; beyond them input is malformed (`OBJECT_MISMATCH`). */

export const maxInitBytes = 1 << 20;
export const maxMoofBytes = 256 << 10;
export const maxFragmentBytes = 16 << 20;
/** moov of a whole file; its sample tables grow with the recording, an init segment's do not. */
export const maxFileMoovBytes = 64 << 20;
export const maxSampleBytes = 16 << 20;
/** Nesting below a top-level box, which is at depth 0. */
export const maxBoxDepth = 8;
/** Inside one moov, one moof or one fragment, and at the top level of one object. */
export const maxBoxes = 10_000;
/** A file of one-frame fragments has two top-level boxes a frame: an hour at 30 frames per second fits. */
export const maxFileBoxes = 250_000;
export const maxTracks = 32;
export const maxSamplesPerFragment = 1 << 17;
export const maxSamplesPerTrack = 1 << 20;
