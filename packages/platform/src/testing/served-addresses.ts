/** For whoever has the link: shares.test.ts. */
export const ofShares = ['', '/about', '/live/:output', '/index.m3u8', '/clip.mp4', '/pictures/:number', '/unlock'].map(
  (path) => `/s/:token${path}`,
);

/** Media for users, with an address of each for a device. */
export const media: Readonly<Record<string, (deviceId: string) => string>> = {
  '/live/:deviceId/:channel/:stream/snapshot.jpg': (id) => `/live/${id}/1/main/snapshot.jpg`,
  '/live/:deviceId/:channel/master.m3u8': (id) => `/live/${id}/1/master.m3u8`,
  '/live/:deviceId/:channel/:stream/index.m3u8': (id) => `/live/${id}/1/main/index.m3u8`,
  '/live/:deviceId/:channel/:stream/:file(^(?:init|segment|part)-[0-9-]+\\.m(?:p4|4s)$)': (id) => `/live/${id}/1/main/segment-1.m4s`,
  '/live/:deviceId/:channel/:stream/stream.flv': (id) => `/live/${id}/1/main/stream.flv`,
  '/vod/:deviceId/:channel/start/:start/end/:end/:name': (id) => `/vod/${id}/1/start/1000/end/2000/index.m3u8`,
};

/** Every kind of socket, with an address of each: whoever shows nothing gets the status beside it. */
export const sockets: readonly { readonly address: (deviceId: string) => string; readonly statuses: readonly number[] }[] = [
  { address: (id) => `/vd/v1?deviceId=${id}`, statuses: [401, 426] },
  { address: () => '/vm/v1/sessions/01KDVAEZ8T0000000000000000', statuses: [401] },
  { address: () => '/vm/v1/talk/01KDVAEZ8T0000000000000000', statuses: [401] },
  { address: (id) => `/live/${id}/1/main/ws`, statuses: [401] },
  { address: () => '/playback/01KDVAEZ8T0000000000000000/ws', statuses: [401] },
  { address: () => '/talk/01KDVAEZ8T0000000000000000', statuses: [401] },
  { address: () => '/s/share_x/live/ws', statuses: [404] },
];
