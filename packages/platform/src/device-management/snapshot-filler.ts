import type { CommandFiller } from './user-commands.ts';

/** A user who names no place for the picture gets it in the answer. */
export const snapshotFiller: CommandFiller = async ({ params }) => (params.inline === undefined ? { inline: true } : {});
