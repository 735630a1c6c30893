import react from '@vitejs/plugin-react';
import { defineConfig } from 'vite';

// The first with `light-dark()`: spring 2024.
const browsers = ['chrome123', 'firefox120', 'safari17.5'];

export default defineConfig({
  plugins: [react()],
  // The page's Content-Security-Policy is `default-src 'self'`: nothing may be inlined as data: or script text.
  build: { assetsInlineLimit: 0, modulePreload: { polyfill: false }, target: browsers },
});
