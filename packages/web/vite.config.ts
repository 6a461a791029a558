import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { brotliCompress, constants } from 'node:zlib';
import react from '@vitejs/plugin-react';
import { defineConfig, type Plugin } from 'vite';

const platformUrl = 'http://127.0.0.1:8780';

/** Packages whose modules do nothing when they are loaded: what the app does not use of them is left out. */
const pure = /[\\/](packages[\\/](api|media|protocol)|node_modules[\\/]typebox)[\\/]/;

/** Nearly as small as the highest, in a tenth of its time. */
const QUALITY = 9;
const compress = promisify(brotliCompress);

/** Lays a compressed copy beside each text of the app, which the platform sends to browsers that take it. */
const compressed: Plugin = {
  name: 'compressed',
  apply: 'build',
  async writeBundle({ dir = '' }, bundle) {
    for (const name of Object.keys(bundle).filter((file) => /\.(js|css|html)$/.test(file))) {
      const path = join(dir, name);
      await writeFile(`${path}.br`, await compress(await readFile(path), { params: { [constants.BROTLI_PARAM_QUALITY]: QUALITY } }));
    }
  },
};

export default defineConfig({
  plugins: [react(), compressed],
  server: {
    proxy: {
      '/api': platformUrl,
      '/vod': platformUrl,
      '/live': { target: platformUrl, ws: true },
      '/talk': { target: platformUrl, ws: true },
    },
  },
  build: {
    target: ['chrome123', 'edge123', 'firefox128', 'safari17.5'],
    modulePreload: { polyfill: false },
    // The content security policy of the platform allows no style or font from a data: address.
    assetsInlineLimit: 0,
    rolldownOptions: { treeshake: { moduleSideEffects: (id: string) => !pure.test(id) } },
  },
});
