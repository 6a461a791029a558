/** What stands beside the recordings of a case, for whoever gets it. */
export const CASE_GUIDE = `This is a case: recordings of one camera, with what proves that they are what the camera recorded.

segments/       the recordings, in order; any player plays them (MP4). Those of a camera that encrypts
                need the key of a member first:  cardea decrypt FILE --key KEY
manifest.json   what the camera signed of each of them, its public key, who exported the case and when

To check the case, on any computer with Cardea, without the platform it comes from:

    cardea verify CASE --device ID

CASE is this folder, or the file it came in. ID is the id of the camera, which its owner can read in the app;
without it the check only shows that everything was signed by one and the same camera. It names every
recording that was changed, left out or put elsewhere, and ends with exit status 0 when there is none.

How the signatures are made is described in the file docs/protocol/segment-chain.md of Cardea.
`;
