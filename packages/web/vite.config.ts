import react from '@vitejs/plugin-react';
import { defineConfig } from 'vite';

const platformUrl = 'http://127.0.0.1:8780';

/** Packages whose modules do nothing when they are loaded: what the app does not use of them is left out. */
const pure = /[\\/](packages[\\/](api|media|protocol)|node_modules[\\/]typebox)[\\/]/;

export default defineConfig({
  plugins: [react()],
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
