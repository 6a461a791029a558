/** The smaller build of the library, without subtitles and protection of contents; its types are those of the whole. */
declare module 'hls.js/light' {
  export * from 'hls.js';
  export { default } from 'hls.js';
}
